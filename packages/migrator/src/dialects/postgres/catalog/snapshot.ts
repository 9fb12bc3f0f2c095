import type { CatalogSnapshot } from '../../../core/catalog.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'
import { collations, conversions, securityLabels } from './collations.ts'
import { columns, notNullConstraints } from './columns.ts'
import { disabledConstraints, domainConstraints, tableConstraints } from './constraints.ts'
import { foreignDataWrappers, foreignServers, userMappings } from './foreign-data.ts'
import { aggregates, functions, languages } from './functions.ts'
import { extendedStatistics, indexes } from './indexes.ts'
import { accessMethods, casts, operatorClasses, operatorFamilies, operators, transforms } from './operators.ts'
import { compositeTypes, relations, sequences } from './relations.ts'
import { publications, publishedSchemas, publishedTables, subscriptions } from './replication.ts'
import { type Reading, readRows } from './row.ts'
import { defaultPrivileges, extensionDependents, extensions, schemas } from './schemas.ts'
import { type CatalogQuery, createScope, FIRST_USER_OID, type OwnObjects } from './scope.ts'
import { PIN, UNPIN } from './settings.ts'
import { searchConfigurations, searchDictionaries, searchParsers, searchTemplates } from './text-search.ts'
import { eventTriggers, policies, rules, triggers } from './triggers.ts'
import { baseTypes, domains, enums, ranges } from './types.ts'

/** Relations come first: what belongs to one of them is named by it, and left out where it was left out. */
const ALWAYS: readonly CatalogQuery[] = [
  relations,
  compositeTypes,
  columns,
  notNullConstraints,
  tableConstraints,
  indexes,
  sequences,
  schemas,
  extensions,
]

/** Asked only where a user has made anything in that catalog: planning a query costs more than finding nothing by it. */
const OCCASIONALLY: readonly (readonly [catalog: string, queries: readonly CatalogQuery[]])[] = [
  ['pg_trigger', [triggers, disabledConstraints]],
  ['pg_rewrite', [rules]],
  ['pg_policy', [policies]],
  ['pg_proc', [functions]],
  ['pg_type', [enums, domains, domainConstraints, ranges, baseTypes]],
  ['pg_default_acl', [defaultPrivileges]],
  ['pg_statistic_ext', [extendedStatistics]],
  ['pg_publication', [publications, publishedTables, publishedSchemas]],
  ['pg_event_trigger', [eventTriggers]],
  ['pg_foreign_data_wrapper', [foreignDataWrappers]],
  ['pg_foreign_server', [foreignServers, userMappings]],
  ['pg_ts_config', [searchConfigurations]],
  ['pg_ts_dict', [searchDictionaries]],
  ['pg_ts_parser', [searchParsers]],
  ['pg_ts_template', [searchTemplates]],
  ['pg_operator', [operators]],
  ['pg_opclass', [operatorClasses]],
  ['pg_opfamily', [operatorFamilies]],
  ['pg_cast', [casts]],
  ['pg_am', [accessMethods]],
  ['pg_transform', [transforms]],
  ['pg_language', [languages]],
  ['pg_collation', [collations]],
  ['pg_conversion', [conversions]],
  ['pg_aggregate', [aggregates]],
  ['pg_seclabel', [securityLabels]],
  ['pg_subscription', [subscriptions]],
  ['pg_depend', [extensionDependents]],
]

/** Conditions of catalogs whose rows have no oid of their own, or which every table puts rows into. */
const FILLED: Readonly<Record<string, string>> = {
  pg_aggregate: `aggfnoid >= ${FIRST_USER_OID}`,
  pg_seclabel: 'true',
  // Shared by all databases of the server.
  pg_subscription: 'subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
  pg_depend: `refclassid = 'pg_extension'::regclass AND deptype = 'x' AND objid >= ${FIRST_USER_OID}`,
  pg_type: `oid >= ${FIRST_USER_OID} AND (typtype IN ('e', 'd', 'r', 'p') OR typtype = 'b' AND typelem = 0)`,
  pg_rewrite: `oid >= ${FIRST_USER_OID} AND rulename <> '_RETURN'`,
}

/** Which of the catalogs hold anything, as the numbers of their places in the list. */
const FILLED_CATALOGS = `SELECT concat_ws(' ', ${OCCASIONALLY.map(
  ([catalog], place) =>
    `CASE WHEN EXISTS (SELECT 1 FROM ${catalog} WHERE ${FILLED[catalog] ?? `oid >= ${FIRST_USER_OID}`}) THEN ${place} END`,
).join(', ')}) AS places`

/**
 * Makes the function that reads everything, in one message and a second for what not every database has. Around each,
 * settings are pinned and put back.
 */
export function createSnapshotReader(own: OwnObjects): (on: SqlSession) => Promise<CatalogSnapshot> {
  const scope = createScope(own)
  const always = [PIN, FILLED_CATALOGS, ...ALWAYS.map((query) => query(scope)), UNPIN]
  const occasionally = OCCASIONALLY.map(([, queries]) => queries.map((query) => query(scope)))
  return async (on) => {
    const [pinned, filled, ...common] = await on.queryAll(always)
    const places = filled?.[0]?.places?.split(' ').filter(Boolean) ?? []
    const wanted = places.flatMap((place) => occasionally[Number(place)] ?? [])
    const [, ...rare] = wanted.length === 0 ? [] : await on.queryAll([PIN, ...wanted, UNPIN])
    const major = Math.floor(Number(pinned?.[0]?.version) / 10_000)
    return read([...common.slice(0, -1), ...rare.slice(0, -1)], major)
  }
}

function read(results: readonly (readonly Row[])[], major: number): CatalogSnapshot {
  const reading: Reading = { major, relations: new Map(), objects: new Map() }
  for (const rows of results) readRows(reading, rows)
  return Object.fromEntries(reading.objects)
}
