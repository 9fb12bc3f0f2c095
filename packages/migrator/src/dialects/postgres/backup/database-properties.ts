import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

/**
 * What belongs to a database itself and comes along neither with pg_dump nor with CREATE DATABASE … TEMPLATE.
 * https://www.postgresql.org/docs/current/manage-ag-templatedbs.html
 */
export interface DatabaseProperties {
  readonly owner: string
  /** -1: no limit. */
  readonly connectionLimit: number
  readonly comment: string | null
  /** Undefined: what PostgreSQL gives by default. */
  readonly grants?: readonly DatabaseGrant[] | undefined
  readonly settings: readonly DatabaseSetting[]
  /** The end of CREATE DATABASE … TEMPLATE template0: encoding and locale. */
  readonly locale: string
}

interface DatabaseGrant {
  readonly privilege: string
  /** Null: everybody. */
  readonly to: string | null
  readonly grantable: boolean
}

/** `ALTER DATABASE … SET`, or with a role `ALTER ROLE … IN DATABASE … SET`. */
interface DatabaseSetting {
  readonly role: string | null
  readonly name: string
  readonly value: string
}

/** Reads them from the shared catalogs, so any database of the server will do. Undefined: no such database. */
export async function readProperties(on: SqlSession, database: string): Promise<DatabaseProperties | undefined> {
  const [row] = await on.query(propertiesQuery(database))
  return row?.properties ? (JSON.parse(row.properties) as DatabaseProperties) : undefined
}

// The locale columns were renamed in 15 and 17; to_jsonb reads whichever there are.
function propertiesQuery(database: string): string {
  return `
SELECT jsonb_build_object(
  'owner', pg_catalog.pg_get_userbyid(d.datdba), 'connectionLimit', d.datconnlimit,
  'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
  'grants', (SELECT jsonb_agg(jsonb_build_object('privilege', a.privilege_type, 'grantable', a.is_grantable,
                      'to', CASE WHEN a.grantee <> 0 THEN pg_catalog.pg_get_userbyid(a.grantee) END))
               FROM pg_catalog.aclexplode(d.datacl) a),
  'settings', coalesce((SELECT jsonb_agg(jsonb_build_object(
                      'role', CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END,
                      'name', split_part(c.setting, '=', 1), 'value', substr(c.setting, strpos(c.setting, '=') + 1)))
               FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS c(setting) WHERE s.setdatabase = d.oid), '[]'),
  'locale', concat_ws(' ', 'ENCODING', quote_literal(pg_catalog.pg_encoding_to_char(d.encoding)),
     'LC_COLLATE', quote_literal(d.datcollate), 'LC_CTYPE', quote_literal(d.datctype),
     CASE to_jsonb(d)->>'datlocprovider' WHEN 'i' THEN 'LOCALE_PROVIDER icu ICU_LOCALE ' || quote_literal(coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'))
                                         WHEN 'b' THEN 'LOCALE_PROVIDER builtin BUILTIN_LOCALE ' || quote_literal(to_jsonb(d)->>'datlocale')
                                         WHEN 'c' THEN 'LOCALE_PROVIDER libc' END,
     'ICU_RULES ' || quote_literal(to_jsonb(d)->>'daticurules'))
)::text AS properties FROM pg_catalog.pg_database d WHERE d.datname = ${literal(database)}`
}

/** Statements that give a new database these properties, all but the comment; its owner comes first. */
export function propertyStatements(database: string, properties: DatabaseProperties): readonly string[] {
  const name = identifier(database)
  return [
    `ALTER DATABASE ${name} CONNECTION LIMIT ${properties.connectionLimit}`,
    ...grantStatements(name, properties),
    ...properties.settings.map(({ role, name: setting, value }) => {
      const whose = role === null ? `DATABASE ${name}` : `ROLE ${identifier(role)} IN DATABASE ${name}`
      return `ALTER ${whose} SET ${settingText(setting, value)}`
    }),
  ]
}

function grantStatements(name: string, { grants, owner }: DatabaseProperties): readonly string[] {
  if (!grants) return []
  return [
    `REVOKE ALL ON DATABASE ${name} FROM PUBLIC, ${identifier(owner)}`,
    ...grants.map(({ privilege, to, grantable }) => {
      const whom = to === null ? 'PUBLIC' : identifier(to)
      return `GRANT ${privilege} ON DATABASE ${name} TO ${whom}${grantable ? ' WITH GRANT OPTION' : ''}`
    }),
  ]
}

/** Lists are kept as they are written after SET, so that they must not be quoted as one. */
function settingText(name: string, value: string): string {
  const parameter = name.split('.').map(identifier).join('.')
  return `${parameter} TO ${LISTS.has(name.toLowerCase()) && value !== '' ? value : literal(value)}`
}

/** Those that pg_dump, too, leaves unquoted (GUC_LIST_QUOTE). */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

export function commentStatement(database: string, comment: string | null): string {
  return `COMMENT ON DATABASE ${identifier(database)} IS ${literal(comment)}`
}

export function dropStatement(database: string): string {
  return `DROP DATABASE ${identifier(database)}`
}
