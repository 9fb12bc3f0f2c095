import { createHash } from 'node:crypto'
import type { Migration } from '../../src/core/migration.ts'
import type { Database } from '../../src/ports/database.ts'

/** What the contract has to know of a dialect, and nothing else: how things are said, what is there, and how to strike. */
export interface Subject {
  /** A client of its own, as another process has one. */
  client(): Database
  readonly say: {
    create(name: string): string
    drop(name: string): string
    /** Code that runs the statement and can't be looked into. */
    opaque(statement: string): string
    readonly fail: string
    /** Waits while `hold` lasts. */
    readonly pause: string
    /** What is no statement. */
    readonly unreadable: string
    /** Destroys the history. */
    readonly harm: string
  }
  script(statements: readonly string[]): string
  /** Sends a statement as a module does. */
  send(handle: never, statement: string): Promise<unknown>
  /** Sends one from outside of any run. */
  execute(statement: string): Promise<unknown>
  /** Names of the existing objects, sorted; without the migrator's own. */
  objects(): Promise<readonly string[]>
  /** `pause` waits from now on, until the answer is called. */
  hold(): Promise<() => Promise<void>>
  /** Resolves as soon as a run waits at its `pause`. */
  paused(): Promise<void>
  /** Ends all that a client has, wherever it is. The server lives on. */
  kill(client: Database): Promise<void>
  close(): Promise<void>
}

export interface Written {
  readonly id: string
  readonly up: readonly string[]
  /** Undefined: irreversible. */
  readonly down?: readonly string[] | undefined
  readonly transactional?: boolean
}

/** A migration as the loader makes it of a pair of files. */
export function written(subject: Subject, { id, up, down, transactional = true }: Written): Migration {
  const sources = [{ path: `${id}.up.sql`, content: subject.script(up) }]
  if (down) sources.push({ path: `${id}.down.sql`, content: subject.script(down) })
  const [ups, downs] = sources.map(({ path, content }) => ({ kind: 'sql', sql: content, file: path }) as const)
  if (!ups) throw new Error('there is always an up')
  const [checksum = '', downChecksum] = sources.map(({ content }) => createHash('sha256').update(content).digest('hex'))
  const irreversible = down ? undefined : 'nothing brings it back'
  return {
    id,
    format: 'sql',
    checksum,
    downChecksum,
    path: ups.file,
    transactional,
    irreversible,
    up: ups,
    down: downs,
    sources,
  }
}

/** Creates each object in a statement of its own, and drops them in the reverse order. */
export function creating(subject: Subject, id: string, names: readonly string[], transactional = true): Migration {
  const { create, drop } = subject.say
  const down = names.toReversed().map(drop)
  return written(subject, { id, up: names.map(create), down, transactional })
}
