import type { FileProblem } from '../core/file-problem.ts'
import type { Migration, MigrationFile } from '../core/migration.ts'
import { once } from '../core/once.ts'
import { readDirectives } from '../sql/directives.ts'
import { scriptOf } from '../sql/script.ts'
import { isBlank } from '../sql/text.ts'
import { checksumOf } from './checksum.ts'
import { isProblem, readSource, type Source } from './source.ts'

export interface PairNames {
  readonly up: string
  readonly down: string | undefined
  /** Rows for its rehearsal. */
  readonly seed: string | undefined
}

/** A pair `ID.up.sql` + `ID.down.sql` as a migration. It is read whole at once; nothing is executed. */
export function sqlPair(
  directory: string,
  id: string,
  names: PairNames,
): { file?: MigrationFile; problems: readonly FileProblem[] } {
  const read = (name: string | undefined) => (name === undefined ? undefined : readSource(directory, name))
  const up = readSource(directory, names.up)
  const [down, seed] = [read(names.down), read(names.seed)]
  if (isProblem(up)) return { problems: [{ ...up, id }] }
  if (down && isProblem(down)) return { problems: [{ ...down, id }] }
  if (seed && isProblem(seed)) return { problems: [{ ...seed, id }] }
  const pair = { id, upName: names.up, up, downName: names.down, down, seedName: names.seed, seed }
  return { file: pairOf(pair), problems: problemsOf(pair) }
}

interface Pair {
  readonly id: string
  readonly upName: string
  readonly up: Source
  readonly downName: string | undefined
  readonly down: Source | undefined
  readonly seedName: string | undefined
  readonly seed: Source | undefined
}

function pairOf(pair: Pair): MigrationFile {
  const checksum = checksumOf(pair.up.bytes)
  const downChecksum = pair.down && checksumOf(pair.down.bytes)
  const named = { id: pair.id, format: 'sql' as const, checksum, downChecksum, path: pair.upName }
  return { ...named, load: once(async () => migrationOf(named, pair)) }
}

function migrationOf(
  named: Omit<MigrationFile, 'load'>,
  { upName, up, downName, down, seedName, seed }: Pair,
): Migration {
  const directives = readDirectives(up.text)
  const sources = [{ path: upName, content: up.text }]
  if (down && downName) sources.push({ path: downName, content: down.text })
  const transactional = directives.transactional && (down ? readDirectives(down.text).transactional : true)
  return {
    ...named,
    description: directives.description,
    transactional,
    irreversible: directives.irreversible,
    up: { kind: 'sql', sql: scriptOf(up.text, transactional), file: upName },
    down: down && downName ? { kind: 'sql', sql: scriptOf(down.text, transactional), file: downName } : undefined,
    seed: seed && seedName ? { kind: 'sql', sql: scriptOf(seed.text, false), file: seedName } : undefined,
    sources,
  }
}

function problemsOf({ id, upName, up, downName, down, seedName, seed }: Pair): readonly FileProblem[] {
  const problems: FileProblem[] = []
  const { irreversible, problems: unclear } = readDirectives(up.text)
  for (const text of unclear) problems.push({ kind: 'invalid-option', id, path: upName, message: `${upName}: ${text}` })
  for (const text of down && downName ? readDirectives(down.text).problems : []) {
    problems.push({ kind: 'invalid-option', id, path: downName ?? upName, message: `${downName}: ${text}` })
  }
  if (isBlank(scriptOf(up.text, true))) problems.push(empty(id, upName))
  if (!down && irreversible === undefined) problems.push(missingDown(id, upName))
  if (down && downName && isBlank(scriptOf(down.text, true))) problems.push(empty(id, downName))
  if (seed && seedName && isBlank(seed.text)) problems.push(empty(id, seedName))
  return problems
}

function empty(id: string, path: string): FileProblem {
  return { kind: 'empty', id, path, message: `Migration ${id} is empty` }
}

function missingDown(id: string, path: string): FileProblem {
  const message = `${path} has no ${id}.down.sql; write it, or say why there is none: -- migrator: irreversible="…"`
  return { kind: 'missing-down', id, path, message }
}
