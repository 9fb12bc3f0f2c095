// The service as it is really started: `node --import tsx src/main.ts`, with only the environment given.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { repository } from './database.ts'

export interface ApiProcess {
  readonly child: ChildProcess
  /** Resolves to the address once it listens. Rejects with its stderr when it ends before. */
  readonly listening: Promise<string>
  /** Resolves once it ended and all of its output is here. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

export function startApi(env: Readonly<Record<string, string>>): ApiProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], { cwd: join(repository, 'apps/api'), env })
  const output = { stdout: '', stderr: '' }
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
      const url = /^Listening on (\S+).*\n/m.exec(output.stdout)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    child.once('close', () => reject(new Error(`The service ended: ${output.stderr}`)))
  })
  listening.catch(() => undefined) // Whoever waits for its end only need not know.
  return {
    child,
    listening,
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...output })),
  }
}
