import { aclText, type CatalogQuery, comment, FIRST_USER_OID, optionsText, roleName } from './scope.ts'

/**
 * Functions, procedures and aggregates; what is the default of CREATE FUNCTION is left out, and so are the constructors
 * that a range type brings (they depend on it internally).
 */
export const functions: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
         format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
         ${roleName('p.proowner')} AS owner, ${aclText('p.proacl')} AS acl,
         pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, l.lanname AS language,
         CASE p.prokind WHEN 'w' THEN 'yes' END AS window,
         CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END AS volatility,
         CASE WHEN p.proisstrict THEN 'yes' END AS strict, CASE WHEN p.prosecdef THEN 'definer' END AS security,
         CASE WHEN p.proleakproof THEN 'yes' END AS leakproof,
         CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS parallel,
         p.procost::text AS cost, NULLIF(p.prorows, 0)::text AS rows,
         ${optionsText('p.proconfig')} AS settings,
         NULLIF(p.prosupport::regproc::text, '-') AS support,
         CASE WHEN p.protrftypes IS NOT NULL THEN (SELECT string_agg(format_type(t, NULL), ', ') FROM unnest(p.protrftypes) t) END AS transforms,
         CASE WHEN p.prokind <> 'a' THEN COALESCE(pg_get_function_sqlbody(p.oid), p.prosrc) END AS body, p.probin AS library,
         d.description AS comment
    FROM pg_proc p ${inUserSchema('p.pronamespace')} JOIN pg_language l ON l.oid = p.prolang
    ${comment('pg_proc', 'p.oid')}
   WHERE p.oid >= ${FIRST_USER_OID} AND ${notOfExtension('pg_proc', 'p.oid')}
     AND NOT EXISTS (SELECT 1 FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')`

/** What an aggregate has beyond a function. */
export const aggregates: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'aggregate' AS kind, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
         g.aggkind::text AS "aggregate kind", g.aggtransfn::regprocedure::text AS transition,
         format_type(g.aggtranstype, NULL) AS state, NULLIF(g.aggtransspace, 0)::text AS "state size", g.agginitval AS initial,
         NULLIF(g.aggfinalfn::regproc::text, '-') AS final, g.aggfinalmodify::text AS "final modifies",
         CASE WHEN g.aggfinalextra THEN 'yes' END AS "final extra",
         NULLIF(g.aggcombinefn::regproc::text, '-') AS combine, NULLIF(g.aggserialfn::regproc::text, '-') AS serialize,
         NULLIF(g.aggdeserialfn::regproc::text, '-') AS deserialize, NULLIF(g.aggmtransfn::regproc::text, '-') AS "moving transition",
         NULLIF(g.aggminvtransfn::regproc::text, '-') AS "moving inverse", NULLIF(g.aggmfinalfn::regproc::text, '-') AS "moving final",
         g.aggminitval AS "moving initial", CASE WHEN g.aggmtranstype <> 0 THEN format_type(g.aggmtranstype, NULL) END AS "moving state",
         NULLIF(g.aggmtransspace, 0)::text AS "moving state size", CASE WHEN g.aggmfinalextra THEN 'yes' END AS "moving final extra",
         CASE WHEN g.aggmtransfn <> 0 THEN g.aggmfinalmodify::text END AS "moving final modifies", CASE WHEN g.aggsortop <> 0 THEN g.aggsortop::regoperator::text END AS "sort operator"
    FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid ${inUserSchema('p.pronamespace')}
   WHERE p.oid >= ${FIRST_USER_OID} AND ${notOfExtension('pg_proc', 'p.oid')}`

/** Languages that were added without an extension. */
export const languages: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'language' AS kind, quote_ident(l.lanname) AS name, ${roleName('l.lanowner')} AS owner, ${aclText('l.lanacl')} AS acl,
         CASE WHEN l.lanpltrusted THEN 'yes' END AS trusted, l.lanplcallfoid::regproc::text AS handler, d.description AS comment
    FROM pg_language l ${comment('pg_language', 'l.oid')}
   WHERE l.oid >= ${FIRST_USER_OID} AND ${notOfExtension('pg_language', 'l.oid')}`
