import type { Action } from '../../../core/migration.ts'
import type { StatementWatch } from '../../../ports/step.ts'
import { literal } from '../script/literal.ts'
import { neededBy } from '../script/needed.ts'
import { roleStatementIn } from '../script/role-statement.ts'
import { loadParser, parseStatements } from '../script/statements.ts'
import type { SqlSession } from '../session/sql-session.ts'

/**
 * Roles are the server's, and other scratch databases may hold grants to them: one that is there is not created again, and
 * none is dropped. One that a statement takes for granted is made with `provide`; without it the server's roles are somebody's,
 * and not ours to make.
 */
export function watchRoles(
  on: SqlSession,
  action: Action,
  provide: ((names: readonly string[]) => Promise<void>) | undefined,
): StatementWatch['beforeStatement'] {
  if (action.kind === 'sql' && !NAMES_ROLES.test(action.sql)) return undefined
  return async (sql) => {
    if (!NAMES_ROLES.test(sql)) return 'run'
    await loadParser()
    const role = roleStatementIn(sql)
    if (role?.kind === 'drop') return 'skip'
    if (role && (await roleExists(on, role.name))) return 'skip'
    if (!role && provide) await provide(await missingRoles(on, rolesNeededBy(sql)))
    return 'run'
  }
}

const NAMES_ROLES = /\b(?:role|user|group|grant|revoke|owner|policy|privileges|authorization)\b/i

function rolesNeededBy(sql: string): readonly string[] {
  const parsed = parseStatements(sql)
  const needed = parsed.ok ? parsed.statements.flatMap(neededBy) : []
  return needed.flatMap(({ kind, name }) => (kind === 'role' ? [name] : []))
}

/** As the step sees it: it may have made them itself, in a transaction that nobody else can look into. */
async function missingRoles(on: SqlSession, names: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(names.map((name) => roleExists(on, name)))
  return names.filter((_, at) => !there[at])
}

async function roleExists(on: SqlSession, name: string): Promise<boolean> {
  const rows = await on.query(`SELECT 1 AS there FROM pg_catalog.pg_roles WHERE rolname = ${literal(name)}`)
  return rows.length > 0
}
