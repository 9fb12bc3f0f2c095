import { failureKindOf } from '../../core/failure-kind.ts'
import type { Migration } from '../../core/migration.ts'
import { neededBy } from '../../dialects/postgres/script/needed.ts'
import { loadParser, parseStatements } from '../../dialects/postgres/script/statements.ts'
import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import type { ScratchContext } from './schema-at.ts'

/**
 * Throws SCRATCH_UNAVAILABLE when a step failed for want of an extension or a role, and names it: both belong to the server,
 * and others' histories take them for granted.
 */
export async function refuseWhatIsMissing(
  { tools, server }: Pick<ScratchContext, 'tools' | 'server'>,
  on: Session,
  migration: Migration,
  cause: unknown,
): Promise<void> {
  if (!(cause instanceof MigratorError) || on.isLost) return
  await loadParser()
  const needed = textsOf(migration, cause).flatMap((text) => {
    const parsed = parseStatements(text)
    return parsed.ok ? parsed.statements.flatMap(neededBy) : []
  })
  const extensions = await missing(needed, 'extension', () => tools.availableExtensions(on))
  const roles = failureKindOf(cause) === 'missing-object' ? await missing(needed, 'role', () => tools.roles(on)) : []
  if (extensions.length + roles.length === 0) return
  throw extensions.length > 0 ? lacking('extension', extensions, ASK_ELSEWHERE) : lacking('role', roles, MAKE_ROLE)

  function lacking(kind: 'extension' | 'role', names: readonly string[], hint: string): MigratorError {
    const what = `the ${kind}${names.length === 1 ? '' : 's'} ${names.join(', ')}`
    const message = `Migration ${migration.id} needs ${what}, which the scratch server (${server.name}) does not have.`
    const details = { id: migration.id, [`${kind}s`]: names }
    return new MigratorError('SCRATCH_UNAVAILABLE', message, { cause, hint, details })
  }
}

const ASK_ELSEWHERE = 'Name a server that has it with --scratch-url postgresql://… (a role with CREATEDB).'
const MAKE_ROLE =
  'Create it there, or leave out --scratch-url: on the embedded server roles are made as they are needed.'

function textsOf({ up }: Migration, { details }: MigratorError): readonly string[] {
  return up.kind === 'sql' ? [up.sql] : [String(details.statement ?? '')]
}

async function missing(
  needed: readonly { readonly kind: string; readonly name: string }[],
  kind: string,
  there: () => Promise<ReadonlySet<string>>,
): Promise<readonly string[]> {
  const wanted = [...new Set(needed.filter((each) => each.kind === kind).map(({ name }) => name))]
  if (wanted.length === 0) return []
  const known = await there()
  return wanted.filter((name) => !known.has(name))
}
