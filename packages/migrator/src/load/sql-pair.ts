import type { FileProblem } from '../core/file-problem.ts'
import type { Migration, MigrationFile } from '../core/migration.ts'
import { once } from '../core/once.ts'
import { readDirectives } from '../sql/directives.ts'
import { isBlank, withoutMark } from '../sql/text.ts'
import { checksumOf } from './checksum.ts'
import { isProblem, readSource, type Source } from './source.ts'

/** A pair `ID.up.sql` + `ID.down.sql` as a migration. It is read whole at once; nothing is executed. */
export function sqlPair(
  directory: string,
  id: string,
  upName: string,
  downName: string | undefined,
): { file?: MigrationFile; problems: readonly FileProblem[] } {
  const up = readSource(directory, upName)
  const down = downName === undefined ? undefined : readSource(directory, downName)
  if (isProblem(up)) return { problems: [{ ...up, id }] }
  if (down && isProblem(down)) return { problems: [{ ...down, id }] }
  const file = pairOf({ id, upName, up, downName, down })
  return { file, problems: problemsOf({ id, upName, up, downName, down }) }
}

interface Pair {
  readonly id: string
  readonly upName: string
  readonly up: Source
  readonly downName: string | undefined
  readonly down: Source | undefined
}

function pairOf(pair: Pair): MigrationFile {
  const checksum = checksumOf(pair.up.bytes)
  const downChecksum = pair.down && checksumOf(pair.down.bytes)
  const named = { id: pair.id, format: 'sql' as const, checksum, downChecksum, path: pair.upName }
  return { ...named, load: once(async () => migrationOf(named, pair)) }
}

function migrationOf(named: Omit<MigrationFile, 'load'>, { upName, up, downName, down }: Pair): Migration {
  const directives = readDirectives(up.text)
  const sources = [{ path: upName, content: up.text }]
  if (down && downName) sources.push({ path: downName, content: down.text })
  return {
    ...named,
    description: directives.description,
    transactional: directives.transactional && (down ? readDirectives(down.text).transactional : true),
    irreversible: directives.irreversible,
    up: { kind: 'sql', sql: withoutMark(up.text), file: upName },
    down: down && downName ? { kind: 'sql', sql: withoutMark(down.text), file: downName } : undefined,
    sources,
  }
}

function problemsOf({ id, upName, up, downName, down }: Pair): readonly FileProblem[] {
  const problems: FileProblem[] = []
  const { irreversible, problems: unclear } = readDirectives(up.text)
  for (const text of unclear) problems.push({ kind: 'invalid-option', id, path: upName, message: `${upName}: ${text}` })
  for (const text of down && downName ? readDirectives(down.text).problems : []) {
    problems.push({ kind: 'invalid-option', id, path: downName ?? upName, message: `${downName}: ${text}` })
  }
  if (isBlank(up.text)) problems.push(empty(id, upName))
  if (!down && irreversible === undefined) problems.push(missingDown(id, upName))
  if (down && downName && isBlank(down.text)) problems.push(empty(id, downName))
  return problems
}

function empty(id: string, path: string): FileProblem {
  return { kind: 'empty', id, path, message: `Migration ${id} is empty` }
}

function missingDown(id: string, path: string): FileProblem {
  const message = `${path} has no ${id}.down.sql; write it, or say why there is none: -- migrator: irreversible="…"`
  return { kind: 'missing-down', id, path, message }
}
