import { type CatalogQuery, comment, FIRST_USER_OID, roleName } from './scope.ts'

/** The definition tells uniqueness, columns, operator classes, INCLUDE, predicate and options. */
export const indexes: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'index' AS kind, format('%I.%I', n.nspname, c.relname) AS name, i.indrelid::text AS on,
         pg_get_indexdef(i.indexrelid) AS definition,
         CASE WHEN NOT i.indisvalid THEN 'no' END AS valid,
         CASE WHEN i.indisclustered THEN 'yes' END AS clustered,
         CASE WHEN i.indisreplident THEN 'yes' END AS "replica identity",
         space.spcname AS tablespace, parent.inhparent::regclass::text AS "attached to",
         targets.list AS "statistics targets", d.description AS comment
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid ${inUserSchema('c.relnamespace')}
    ${comment('pg_class', 'c.oid')}
    LEFT JOIN pg_tablespace space ON space.oid = c.reltablespace
    LEFT JOIN pg_inherits parent ON parent.inhrelid = i.indexrelid
    LEFT JOIN (SELECT a.attrelid, string_agg(a.attnum || '=' || a.attstattarget, ', ' ORDER BY a.attnum) AS list
                 FROM pg_attribute a JOIN pg_class ic ON ic.oid = a.attrelid AND ic.relkind IN ('i', 'I')
                WHERE a.attnum > 0 AND a.attstattarget >= 0
                GROUP BY a.attrelid) targets ON targets.attrelid = i.indexrelid
   WHERE i.indexrelid >= ${FIRST_USER_OID}`

export const extendedStatistics: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'statistics' AS kind, format('%I.%I', n.nspname, s.stxname) AS name, s.stxrelid::text AS on,
         ${roleName('s.stxowner')} AS owner, pg_get_statisticsobjdef(s.oid) AS definition,
         CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END AS "statistics target", d.description AS comment
    FROM pg_statistic_ext s ${inUserSchema('s.stxnamespace')}
    ${comment('pg_statistic_ext', 's.oid')}
   WHERE ${notOfExtension('pg_statistic_ext', 's.oid')}`
