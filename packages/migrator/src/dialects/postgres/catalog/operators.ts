import { type CatalogQuery, comment, FIRST_USER_OID, roleName } from './scope.ts'

export const operators: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'operator' AS kind,
         format('%I.%s(%s, %s)', n.nspname, o.oprname, CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
                format_type(o.oprright, NULL)) AS name,
         ${roleName('o.oprowner')} AS owner, format_type(NULLIF(o.oprresult, 0), NULL) AS result,
         NULLIF(o.oprcode::regprocedure::text, '-') AS function,
         CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END AS commutator,
         CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END AS negator,
         NULLIF(o.oprrest::regproc::text, '-') AS restrict, NULLIF(o.oprjoin::regproc::text, '-') AS join,
         CASE WHEN o.oprcanmerge THEN 'yes' END AS merges, CASE WHEN o.oprcanhash THEN 'yes' END AS hashes,
         d.description AS comment
    FROM pg_operator o ${inUserSchema('o.oprnamespace')} ${comment('pg_operator', 'o.oid')}
   WHERE ${notOfExtension('pg_operator', 'o.oid')}`

export const operatorClasses: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'operator class' AS kind, format('%I.%I(%s)', n.nspname, o.opcname, m.amname) AS name, ${roleName('o.opcowner')} AS owner,
         format('%I.%I', fn.nspname, f.opfname) AS family, format_type(o.opcintype, NULL) AS type,
         CASE WHEN o.opcdefault THEN 'yes' END AS default, CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END AS storage,
         d.description AS comment
    FROM pg_opclass o ${inUserSchema('o.opcnamespace')} JOIN pg_am m ON m.oid = o.opcmethod
    JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace
    ${comment('pg_opclass', 'o.oid')}
   WHERE ${notOfExtension('pg_opclass', 'o.oid')}`

export const operatorFamilies: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'operator family' AS kind, format('%I.%I(%s)', n.nspname, f.opfname, m.amname) AS name, ${roleName('f.opfowner')} AS owner,
         (SELECT string_agg(a.amopstrategy || ' ' || a.amopopr::regoperator::text || COALESCE(' for order by ' || sort.name, ''), '; ' ORDER BY a.amopstrategy, a.amopopr::regoperator::text COLLATE "C")
            FROM pg_amop a
            LEFT JOIN LATERAL (SELECT format('%I.%I', sn.nspname, sf.opfname) AS name FROM pg_opfamily sf
                                 JOIN pg_namespace sn ON sn.oid = sf.opfnamespace WHERE sf.oid = a.amopsortfamily) sort ON true
           WHERE a.amopfamily = f.oid) AS operators,
         (SELECT string_agg(a.amprocnum || ' ' || a.amproc::oid::regprocedure::text, '; ' ORDER BY a.amprocnum, a.amproc::oid::regprocedure::text COLLATE "C")
            FROM pg_amproc a WHERE a.amprocfamily = f.oid) AS functions,
         d.description AS comment
    FROM pg_opfamily f ${inUserSchema('f.opfnamespace')} JOIN pg_am m ON m.oid = f.opfmethod
    ${comment('pg_opfamily', 'f.oid')}
   WHERE ${notOfExtension('pg_opfamily', 'f.oid')}`

export const casts: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'cast' AS kind, format('(%s AS %s)', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)) AS name,
         CASE k.castmethod WHEN 'i' THEN 'in and out' WHEN 'b' THEN 'binary' ELSE k.castfunc::regprocedure::text END AS function,
         CASE k.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' END AS context, d.description AS comment
    FROM pg_cast k ${comment('pg_cast', 'k.oid')}
   WHERE k.oid >= ${FIRST_USER_OID} AND ${notOfExtension('pg_cast', 'k.oid')}`

export const accessMethods: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'access method' AS kind, quote_ident(m.amname) AS name, m.amtype::text AS type, m.amhandler::regproc::text AS handler,
         d.description AS comment
    FROM pg_am m ${comment('pg_am', 'm.oid')}
   WHERE m.oid >= ${FIRST_USER_OID} AND ${notOfExtension('pg_am', 'm.oid')}`

export const transforms: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'transform' AS kind, format('(%s, %s)', format_type(t.trftype, NULL), l.lanname) AS name,
         NULLIF(t.trffromsql::regprocedure::text, '-') AS "from SQL", NULLIF(t.trftosql::regprocedure::text, '-') AS "to SQL",
         d.description AS comment
    FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang ${comment('pg_transform', 't.oid')}
   WHERE ${notOfExtension('pg_transform', 't.oid')}`
