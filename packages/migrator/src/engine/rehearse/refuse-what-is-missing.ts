import { failureKindOf } from '../../core/failure-kind.ts'
import type { Migration } from '../../core/migration.ts'
import { MigratorError } from '../../errors.ts'
import type { NeededObject } from '../../ports/rehearsal.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import type { Session } from '../../ports/session.ts'

/**
 * Throws SCRATCH_UNAVAILABLE when a step failed because an extension or a role is missing, and names it: both belong to the server,
 * and others' histories take them for granted.
 */
export async function refuseWhatIsMissing(
  { tools, server }: Pick<ScratchContext, 'tools' | 'server'>,
  on: Session,
  migration: Migration,
  cause: unknown,
): Promise<void> {
  if (!(cause instanceof MigratorError) || on.isLost) return
  const missing = await tools.missingFrom(on, textOf(migration, cause))
  const named = (kind: NeededObject['kind']) => missing.filter((each) => each.kind === kind).map(({ name }) => name)
  const extensions = named('extension')
  const roles = failureKindOf(cause) === 'missing-object' ? named('role') : []
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
const MAKE_ROLE = 'Create it there, or leave out --scratch-url: on the embedded server, roles are created as needed.'

function textOf({ up }: Migration, { details }: MigratorError): string {
  return up.kind === 'sql' ? up.sql : String(details.statement ?? '')
}
