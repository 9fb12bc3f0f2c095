import { aclText, type CatalogQuery, comment, FIRST_USER_OID, roleName } from './scope.ts'

const common = `${roleName('t.typowner')} AS owner, ${aclText('t.typacl')} AS acl, d.description AS comment`
const from = ({ inUserSchema, notOfExtension }: Parameters<CatalogQuery>[0]) => ({
  name: `format('%I.%I', n.nspname, t.typname) AS name`,
  type: `pg_type t ${inUserSchema('t.typnamespace')} ${comment('pg_type', 't.oid')}`,
  own: `t.oid >= ${FIRST_USER_OID} AND ${notOfExtension('pg_type', 't.oid')}`,
})

export const enums: CatalogQuery = (scope) => {
  const { name, type, own } = from(scope)
  return `
  SELECT 'enum' AS kind, ${name}, ${common}, labels.list AS values
    FROM ${type}
    LEFT JOIN (SELECT enumtypid, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) AS list
                 FROM pg_enum GROUP BY enumtypid) labels ON labels.enumtypid = t.oid
   WHERE t.typtype = 'e' AND ${own}`
}

/** Their CHECKs are constraints of their own. */
export const domains: CatalogQuery = (scope) => {
  const { name, type, own } = from(scope)
  return `
  SELECT 'domain' AS kind, ${name}, ${common}, format_type(t.typbasetype, t.typtypmod) AS type,
         CASE WHEN t.typnotnull THEN 'no' END AS nullable, COALESCE(pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS default,
         CASE WHEN t.typcollation <> base.typcollation THEN t.typcollation::regcollation::text END AS collation
    FROM ${type} JOIN pg_type base ON base.oid = t.typbasetype
   WHERE t.typtype = 'd' AND ${own}`
}

export const ranges: CatalogQuery = (scope) => {
  const { name, type, own } = from(scope)
  return `
  SELECT 'range type' AS kind, ${name}, ${common}, r.rngsubtype::regtype::text AS subtype,
         CASE WHEN r.rngcollation <> sub.typcollation THEN r.rngcollation::regcollation::text END AS collation,
         (SELECT format('%I.%I', cn.nspname, o.opcname) FROM pg_opclass o JOIN pg_namespace cn ON cn.oid = o.opcnamespace
           WHERE o.oid = r.rngsubopc) AS "operator class",
         CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regprocedure::text END AS canonical,
         CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regprocedure::text END AS "subtype difference",
         r.rngmultitypid::regtype::text AS "multirange type"
    FROM ${type} JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_type sub ON sub.oid = r.rngsubtype
   WHERE t.typtype = 'r' AND ${own}`
}

/** Types written in C, and shells of types. Arrays and multiranges come and go with their elements. */
export const baseTypes: CatalogQuery = (scope) => {
  const { name, type, own } = from(scope)
  return `
  SELECT 'base type' AS kind, ${name}, ${common}, CASE WHEN NOT t.typisdefined THEN 'shell' END AS state,
         t.typlen::text AS length, t.typalign::text AS alignment, t.typstorage::text AS storage, t.typcategory::text AS category,
         t.typdefault AS default, t.typinput::regproc::text AS input, t.typoutput::regproc::text AS output,
         NULLIF(t.typreceive::regproc::text, '-') AS receive, NULLIF(t.typsend::regproc::text, '-') AS send
    FROM ${type}
   WHERE t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = t.oid) AND ${own}`
}
