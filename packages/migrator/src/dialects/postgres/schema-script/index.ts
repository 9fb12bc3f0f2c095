import { type CatalogSnapshot, mainOwnerOf } from '../../../core/catalog.ts'
import { MigratorError } from '../../../errors.ts'
import type { DatabaseLocation } from '../../../ports/location.ts'
import type { SchemaScript, SchemaSource } from '../../../ports/schema-source.ts'
import { findPrograms, type Programs } from '../backup/pg-dump/programs.ts'
import { createCatalog } from '../catalog/index.ts'
import type { OwnObjects } from '../catalog/scope.ts'
import { foreignHistoryTables } from '../foreign/histories.ts'
import { identifier } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { dropStatements } from './drops.ts'
import { cleanDump, undoOf } from './dump-text.ts'
import { dumpSchema } from './dumped.ts'
import { graphOf, keysOf, type LeftOut, readDependencies } from './objects.ts'
import { UNCHECKED_BODIES, writeSchema } from './written.ts'

export interface SchemaSourceOptions {
  /** The migrator's own objects, which do not belong to the schema. */
  readonly own: OwnObjects
  /** What pg_dump connects with; undefined where it cannot connect: the catalogs are read instead. */
  readonly connectionString: string | undefined
  readonly location: DatabaseLocation
  /** What pg_dump inherits; its PATH is searched for it. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** The folder with pg_dump, where it is not to be looked for. */
  readonly programs?: string | undefined
}

/** The schema of a live database as a migration: by a pg_dump that fits the server, otherwise from the system catalogs. */
export function createSchemaSource(options: SchemaSourceOptions): SchemaSource {
  return {
    async snapshot(on: SqlSession) {
      const tables = await foreignHistoryTables(on)
      return withoutCredentials(await createCatalog(ownAnd(options.own, tables)).snapshot(on))
    },
    async script(on: SqlSession) {
      const tables = await foreignHistoryTables(on)
      const snapshot = await createCatalog(ownAnd(options.own, tables)).snapshot(on)
      const mainOwner = mainOwnerOf(snapshot)
      const relations = await keysOf(on, [...options.own.tables, ...tables])
      const schemas = await schemasLeftOut(on, snapshot)
      const dependencies = await readDependencies(on)
      const leftOut: LeftOut = { schemas: new Set(schemas), objects: new Set(relations.map(({ key }) => key)) }
      const drops = dropStatements(graphOf(dependencies, 'dropping', leftOut))
      const written = await statementsOf()
      const notes = [
        ...tables.map(({ schema, table, tool }) => `${schema}.${table} is ignored: it is the history of ${tool}.`),
        ...written.credentials.map((each) => `${each} is ignored: it may hold a password.`),
        ...rolesNote(snapshot, mainOwner),
      ]
      return { ...textsOf(written.statements, [...written.undo, ...drops]), writtenBy: written.writtenBy, notes }

      async function statementsOf() {
        const { connectionString } = options
        const programs = on.pooled || connectionString === undefined ? undefined : await programsFor(on, options)
        if (programs && connectionString !== undefined) {
          const names = { relations: relations.map(({ name }) => name), schemas: schemas.map(identifier) }
          const dumped = await dumpSchema(programs, { ...options, connectionString }, names)
          const cleaned = cleanDump(dumped, { mainOwner })
          const refreshes = refreshesOf(cleaned.statements, snapshot)
          const hasFunctions = cleaned.statements.some((statement) =>
            /^CREATE (?:FUNCTION|PROCEDURE)\b/.test(statement),
          )
          return {
            ...cleaned,
            statements: [...(hasFunctions ? [UNCHECKED_BODIES] : []), ...cleaned.statements, ...refreshes],
            writtenBy: `pg_dump ${programs.version}`,
          }
        }
        const graph = graphOf(dependencies, 'creating', leftOut)
        const statements = await writeSchema(on, graph, mainOwner).catch(async (error: unknown) => {
          throw on.isLost ? error : namingPrograms(error, await majorOf(on), on.pooled)
        })
        const undo = statements.toReversed().flatMap(undoOf)
        return { statements, undo, credentials: [], writtenBy: 'the system catalogs' }
      }
    },
  }
}

function ownAnd({ tables, schemas }: OwnObjects, others: OwnObjects['tables']): OwnObjects {
  return { tables: [...tables, ...others], ...(schemas ? { schemas } : {}) }
}

/** Their options hold passwords: they do not belong to a migration. */
function withoutCredentials(snapshot: CatalogSnapshot): CatalogSnapshot {
  return Object.fromEntries(Object.entries(snapshot).filter(([object]) => !object.startsWith('user mapping ')))
}

/** Schemas that do not belong to the snapshot: the migrator's, and those that hold nothing but another tool's history. */
async function schemasLeftOut(on: SqlSession, snapshot: CatalogSnapshot): Promise<readonly string[]> {
  const rows = await on.query(`
    SELECT n.nspname AS name, quote_ident(n.nspname) AS quoted FROM pg_catalog.pg_namespace n
     WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')`)
  return rows.flatMap(({ name, quoted }) => (name && !(`schema ${quoted}` in snapshot) ? [name] : []))
}

/** Undefined where none fits: then the catalogs have to do. */
async function programsFor(
  on: SqlSession,
  { environment, programs }: SchemaSourceOptions,
): Promise<Programs | undefined> {
  try {
    return await findPrograms(await majorOf(on), environment, programs)
  } catch (error) {
    if (error instanceof MigratorError && error.code === 'BACKUP_UNAVAILABLE') return undefined
    throw error
  }
}

async function majorOf(on: SqlSession): Promise<number> {
  const [row] = await on.query(`SELECT pg_catalog.current_setting('server_version_num') AS version`)
  return Math.floor(Number(row?.version) / 10_000)
}

/** pg_dump makes materialized views without rows, which is data to it; to the catalog it is a property. */
function refreshesOf(statements: readonly string[], snapshot: CatalogSnapshot): readonly string[] {
  return statements.flatMap((statement) => {
    const name = /^CREATE MATERIALIZED VIEW ((?:"(?:[^"]|"")*"|[^\s.]+)\.(?:"(?:[^"]|"")*"|\S+))/.exec(statement)?.[1]
    const view = name === undefined ? undefined : snapshot[`materialized view ${name}`]
    return view && view.populated === undefined ? [`REFRESH MATERIALIZED VIEW ${name}`] : []
  })
}

function rolesNote(snapshot: CatalogSnapshot, mainOwner: string | undefined): readonly string[] {
  const roles = new Set<string>()
  for (const { owner, roles: ofPolicy, ...rest } of Object.values(snapshot)) {
    if (owner !== undefined) roles.add(owner)
    for (const role of ofPolicy?.split(', ') ?? []) roles.add(role)
    for (const property of Object.keys(rest)) {
      const role = /^(?:grants|of \S+) to (.*)$/.exec(property)?.[1]
      if (role !== undefined && role !== 'owner') roles.add(role)
    }
  }
  roles.delete(mainOwner ?? '')
  roles.delete('PUBLIC')
  roles.delete('pg_database_owner')
  return roles.size === 0
    ? []
    : [
        `It needs ${roles.size === 1 ? 'a role' : 'roles'} that must already exist on the server: ${[...roles].sort().join(', ')}.`,
      ]
}

function textsOf(up: readonly string[], down: readonly string[]): Pick<SchemaScript, 'up' | 'down'> {
  const text = (statements: readonly string[]) => statements.map((statement) => `${statement};\n`)
  return { up: text(up).join('\n'), down: text(down).join('') }
}

/** What the catalogs cannot give, a pg_dump of the server's version can. */
function namingPrograms(error: unknown, major: number, pooled: boolean): unknown {
  if (!(error instanceof MigratorError) || error.code !== 'NOT_SUPPORTED') return error
  const hint = pooled
    ? 'Give a connection string that leads to the server itself: pg_dump cannot work through a pooler. Nothing was written.'
    : `Install pg_dump ${major} or later (Debian: apt-get install postgresql-client-${major}, macOS: brew install postgresql@${major}), then run the command again. Nothing was written.`
  return new MigratorError('NOT_SUPPORTED', error.message, { cause: error, details: error.details, hint })
}
