import {
  aclText,
  type CatalogQuery,
  comment,
  FIRST_USER_OID,
  foreignOptionsText,
  optionsText,
  roleName,
} from './scope.ts'

/**
 * What a column has from its type (collation, storage) is covered by the type alone. The order of columns becomes an object of
 * its own, so that a difference in nothing else shows as that; where the order is what values are made by (a composite
 * type's ROW) it is an ordinary difference. A view's is covered by its definition.
 */
export const columns: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'column' AS kind, a.attrelid::text AS of, quote_ident(a.attname) AS name,
         CASE WHEN c.relkind = 'c' THEN 'attribute order' WHEN c.relkind NOT IN ('v', 'm') THEN 'column order' END AS "listed in",
         format_type(a.atttypid, a.atttypmod) AS type,
         CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
         CASE WHEN a.attnotnull THEN 'no' END AS nullable,
         CASE WHEN a.attgenerated = '' THEN pg_get_expr(x.adbin, x.adrelid) END AS default,
         CASE a.attgenerated WHEN 's' THEN pg_get_expr(x.adbin, x.adrelid) || ' stored'
                             WHEN 'v' THEN pg_get_expr(x.adbin, x.adrelid) || ' virtual' END AS generated,
         CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
         CASE WHEN a.attstorage <> t.typstorage THEN
           CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'm' THEN 'main' WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' END
         END AS storage,
         CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
         CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END AS "statistics target",
         ${optionsText('a.attoptions')} AS options, ${foreignOptionsText('a.attfdwoptions')} AS "foreign options",
         CASE WHEN NOT a.attislocal THEN 'yes' END AS inherited,
         ${aclText('a.attacl')} AS acl, CASE WHEN a.attacl IS NOT NULL THEN ${roleName('c.relowner')} END AS "acl owner",
         d.description AS comment
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid ${inUserSchema('c.relnamespace')}
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
    ${comment('pg_class', 'a.attrelid', 'a.attnum')}
   WHERE a.attrelid >= ${FIRST_USER_OID} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
   ORDER BY a.attrelid, a.attnum`

/**
 * In PostgreSQL 18 a NOT NULL is a constraint with a name. Older versions drop the name, so it is described with its column on
 * every version; here only what cannot be said there. The name is read unless it looks like one that the server chose:
 * that one depends on what the table was once called.
 */
export const notNullConstraints: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'column' AS kind, k.conrelid::text AS of, quote_ident(a.attname) AS name,
         CASE WHEN k.conname !~ '_not_null[0-9]*$' THEN k.conname END AS "not null name",
         concat_ws(', ', CASE WHEN NOT k.convalidated THEN 'not valid' END, CASE WHEN k.connoinherit THEN 'no inherit' END) AS "not null",
         d.description AS "not null comment"
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid ${inUserSchema('c.relnamespace')}
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    ${comment('pg_constraint', 'k.oid')}
   WHERE k.contype = 'n' AND (NOT k.convalidated OR k.connoinherit OR k.conname !~ '_not_null[0-9]*$'
         OR k.oid IN (SELECT objoid FROM pg_description WHERE classoid = 'pg_constraint'::regclass))`
