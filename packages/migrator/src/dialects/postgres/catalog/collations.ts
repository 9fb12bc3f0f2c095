import { type CatalogQuery, comment, roleName } from './scope.ts'

/** The columns of the locale have other names in each version from 15 to 17: read through jsonb. */
export const collations: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'collation' AS kind, format('%I.%I', n.nspname, o.collname) AS name, ${roleName('o.collowner')} AS owner,
         CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' ELSE o.collprovider::text END AS provider,
         COALESCE(to_jsonb(o) ->> 'colllocale', to_jsonb(o) ->> 'colliculocale', to_jsonb(o) ->> 'collcollate') AS locale,
         NULLIF(to_jsonb(o) ->> 'collctype', to_jsonb(o) ->> 'collcollate') AS "character types",
         to_jsonb(o) ->> 'collicurules' AS rules,
         CASE WHEN NOT o.collisdeterministic THEN 'no' END AS deterministic, d.description AS comment
    FROM pg_collation o ${inUserSchema('o.collnamespace')} ${comment('pg_collation', 'o.oid')}
   WHERE ${notOfExtension('pg_collation', 'o.oid')}`

export const conversions: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'conversion' AS kind, format('%I.%I', n.nspname, v.conname) AS name, ${roleName('v.conowner')} AS owner,
         pg_encoding_to_char(v.conforencoding) AS from, pg_encoding_to_char(v.contoencoding) AS to, v.conproc::regproc::text AS function,
         CASE WHEN v.condefault THEN 'yes' END AS default, d.description AS comment
    FROM pg_conversion v ${inUserSchema('v.connamespace')} ${comment('pg_conversion', 'v.oid')}
   WHERE ${notOfExtension('pg_conversion', 'v.oid')}`

export const securityLabels: CatalogQuery = () => `
  SELECT 'security label' AS kind, i.type || ' ' || i.identity AS name, string_agg(s.provider || ': ' || s.label, '; ' ORDER BY s.provider) AS labels
    FROM pg_seclabel s CROSS JOIN LATERAL pg_identify_object(s.classoid, s.objoid, s.objsubid) i
   GROUP BY 1, 2`
