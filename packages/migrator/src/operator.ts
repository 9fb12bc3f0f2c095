import { execFile } from 'node:child_process'
import { hostname, userInfo } from 'node:os'
import { promisify } from 'node:util'
import type { Operator } from './core/history.ts'

/** Who runs this, from which machine, commit and CI run. */
export async function readOperator(
  env: { readonly user?: string | undefined; readonly ciRun?: string | undefined },
  directory: string,
): Promise<Operator> {
  return { user: env.user ?? nameOfUser(), host: hostname(), gitCommit: await gitCommit(directory), ciRun: env.ciRun }
}

export function nameOfUser(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A user id without an entry in the password file, as in some containers.
    return undefined
  }
}

async function gitCommit(cwd: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd })
    return stdout.trim()
  } catch {
    // No git, or no commit: the history then simply does not name one.
    return undefined
  }
}
