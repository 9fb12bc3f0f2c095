import type { Copy, Finished, Started } from './copy.ts'

/** Somebody who follows one document with two terminals: exports what it tells to, and copies what was printed. */
export interface Reader {
  type(command: string): Promise<Finished>
  /** What keeps running in the other terminal. What it prints to export is exported. */
  start(command: string): Promise<void>
  leave(): Promise<void>
}

/** What differs each time: where it is printed, and what stands for it in a document. */
const COPIED: readonly { readonly printed: RegExp; readonly written: RegExp }[] = [
  ...['pre-migrate', 'pre-rollback', 'manual'].map((prefix) => ({
    printed: new RegExp(`^Backup (${prefix}-\\d{8}-\\d{6}(?:-\\d+)?) \\(`, 'm'),
    written: new RegExp(`\\b${prefix}-\\d{8}-\\d{6}\\b`, 'g'),
  })),
  { printed: /^It answers at postgresql:\/\/(\S+?)\//m, written: /\b127\.0\.0\.1:\d+\b/g },
]

const EXPORT = /^\s*export (\w+)=(.*)$/

export function createReader(copy: Copy): Reader {
  const exported: Record<string, string> = {}
  const noted = new Map<RegExp, string>()
  const started: Started[] = []
  return {
    async type(command) {
      if (exporting(command)) return { code: 0, stdout: '', stderr: '' }
      const finished = await copy.type(filledIn(command), exported)
      for (const { printed, written } of COPIED) {
        const value = printed.exec(finished.stdout)?.[1]
        if (value !== undefined) noted.set(written, value)
      }
      return finished
    },
    async start(command) {
      const running = await copy.start(command, /^Then try:$/m)
      started.push(running)
      for (const line of running.stdout.split('\n')) exporting(line)
    },
    async leave() {
      for (const running of started) await running.stop()
    },
  }

  function exporting(line: string): boolean {
    const [, name, value = ''] = EXPORT.exec(line) ?? []
    if (name === undefined) return false
    exported[name] = value
    return true
  }

  function filledIn(command: string): string {
    return [...noted].reduce((text, [written, value]) => text.replace(written, value), command)
  }
}
