import { createHash } from 'node:crypto'
import { MigratorError } from '../../../errors.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

/** Databases that are kept to be copied, by a key of their content; they belong to no process. */
export interface Templates {
  /** The first of the keys that has a template. */
  find(keys: readonly string[]): Promise<{ readonly key: string; readonly template: string } | undefined>
  /** Copies a database that nobody is connected to. */
  keep(database: string, key: string): Promise<void>
}

/** Its use is noted no oftener than that: the note waits for whoever copies the template just then. */
const NOTED_MS = 3_600_000

export interface TemplateOptions {
  /** How many are kept. */
  readonly most: number
  /** How databases are copied, as CREATE DATABASE takes it. */
  readonly strategy: string
  /** The role that the scratch server is used as. It owns what is in its templates, so another role needs its own. */
  readonly role: string
}

/** Keeps at most `most` of them; the time of the last use stands in the database's comment. */
export function createTemplates(admin: SqlSession, { most, strategy, role }: TemplateOptions): Templates {
  const nameFor = (key: string) => templateName(`${role}\n${key}`)
  return {
    async find(keys) {
      const kept = new Map((await list(admin)).map((each) => [each.name, each]))
      const key = keys.find((each) => kept.has(nameFor(each)))
      if (key === undefined) return undefined
      const found = kept.get(nameFor(key))
      if (found && Date.now() - found.usedAt > NOTED_MS) await note(admin, found.name)
      return { key, template: nameFor(key) }
    },
    async keep(database, key) {
      const name = nameFor(key)
      const kept = await list(admin)
      if (kept.some((each) => each.name === name)) return
      const created = await admin
        .execute(`CREATE DATABASE ${identifier(name)} TEMPLATE ${identifier(database)}${strategy}`)
        .then(() => true, unless(ALREADY_THERE))
      if (!created) return
      await note(admin, name)
      const surplus = kept.toSorted((a, b) => b.usedAt - a.usedAt).slice(most - 1)
      for (const each of surplus)
        await admin.execute(`DROP DATABASE IF EXISTS ${identifier(each.name)}`).catch(unless(IN_USE))
    },
  }
}

interface Kept {
  readonly name: string
  /** Milliseconds since 1970; 0 where it is unknown. */
  readonly usedAt: number
}

function templateName(key: string): string {
  return `scratch_template_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`
}

async function list(admin: SqlSession): Promise<readonly Kept[]> {
  const rows = await admin.query(`
    SELECT d.datname AS name, pg_catalog.shobj_description(d.oid, 'pg_database') AS used FROM pg_catalog.pg_database d
     WHERE d.datname ~ '^scratch_template_[0-9a-f]{32}$' AND pg_catalog.pg_has_role(d.datdba, 'USAGE')`)
  return rows.map(({ name, used }) => ({ name: name ?? '', usedAt: Date.parse(used ?? '') || 0 }))
}

async function note(admin: SqlSession, name: string): Promise<void> {
  await admin
    .execute(`COMMENT ON DATABASE ${identifier(name)} IS ${literal(new Date().toISOString())}`)
    .catch(unless(GONE))
}

// duplicate_database, and unique_violation when two create it at the same instant; object_in_use; undefined_database.
const ALREADY_THERE = ['42P04', '23505']
const IN_USE = ['55006', '42501']
const GONE = ['3D000']

/** What another process did at the same moment is no failure. */
function unless(states: readonly string[]): (error: unknown) => false {
  return (error) => {
    if (error instanceof MigratorError && states.includes(String(error.details.sqlstate))) return false
    throw error
  }
}
