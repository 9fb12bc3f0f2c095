import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../fixtures/twins')

/** One of two migrations that differ in little: a subtly wrong one, or its right twin, with the verdict that is true of it. */
export interface Twin {
  readonly name: string
  readonly verdict: string
  /** What its reasons must say. */
  readonly says: RegExp | undefined
  readonly transactional: boolean
  readonly before: string
  readonly up: string
  readonly down: string
  readonly seed: string | undefined
}

export function twinKinds(): readonly string[] {
  return readdirSync(FOLDER)
}

/** `-- verdict: lossy /what the reasons say/`, then a part each for `-- before`, `-- up`, `-- down`, and perhaps `-- seed`. */
export function twinsOf(kind: string): readonly Twin[] {
  return readdirSync(join(FOLDER, kind)).map((file) => {
    const text = readFileSync(join(FOLDER, kind, file), 'utf8')
    const [, verdict = '', says] = /^-- verdict: ([\w-]+)(?: \/(.*)\/)?$/m.exec(text) ?? []
    const part = (name: string) =>
      new RegExp(`^-- ${name}\\n([\\s\\S]*?)(?=^-- (?:up|down|seed)\\n|$(?![\\s\\S]))`, 'm').exec(text)?.[1]
    return {
      name: file.replace(/\.sql$/, ''),
      verdict,
      says: says === undefined ? undefined : new RegExp(says),
      transactional: !text.includes('-- migrator: transaction=false'),
      ...{ before: part('before') ?? '', up: part('up') ?? '', down: part('down') ?? '', seed: part('seed') },
    }
  })
}
