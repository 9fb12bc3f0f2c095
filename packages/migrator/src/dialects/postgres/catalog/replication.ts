import { type CatalogQuery, comment, roleName } from './scope.ts'

/** Columns and row filters exist since 15, generated columns since 18: read through jsonb, which older catalogs survive. */
export const publications: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'publication' AS kind, quote_ident(p.pubname) AS name, ${roleName('p.pubowner')} AS owner,
         CASE WHEN p.puballtables THEN 'all' END AS tables,
         concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                   CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS publishes,
         CASE WHEN p.pubviaroot THEN 'yes' END AS "via root", NULLIF(to_jsonb(p) ->> 'pubgencols', 'n') AS "generated columns",
         d.description AS comment
    FROM pg_publication p ${comment('pg_publication', 'p.oid')}
   WHERE ${notOfExtension('pg_publication', 'p.oid')}`

export const publishedTables: CatalogQuery = () => `
  SELECT 'publication' AS kind, quote_ident(p.pubname) AS name,
         string_agg(concat_ws(' ', m.prrelid::regclass::text,
           (SELECT '(' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE "C") || ')' FROM pg_attribute a
             WHERE a.attrelid = m.prrelid AND a.attnum::text IN (SELECT jsonb_array_elements_text(NULLIF(to_jsonb(m) -> 'prattrs', 'null')))),
           (SELECT 'WHERE ' || (to_jsonb(t) ->> 'rowfilter') FROM pg_publication_tables t JOIN pg_class c ON c.relname = t.tablename
              JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.schemaname
             WHERE t.pubname = p.pubname AND c.oid = m.prrelid)), ', ' ORDER BY m.prrelid::regclass::text COLLATE "C") AS tables
    FROM pg_publication_rel m JOIN pg_publication p ON p.oid = m.prpubid
   GROUP BY p.pubname`

/** FOR TABLES IN SCHEMA, since 15: found by what depends on the publication, because older servers lack the catalog. */
export const publishedSchemas: CatalogQuery = () => `
  SELECT 'publication' AS kind, quote_ident(p.pubname) AS name,
         string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname COLLATE "C") AS schemas
    FROM pg_publication p
    JOIN pg_depend up ON up.refclassid = 'pg_publication'::regclass AND up.refobjid = p.oid
         AND up.classid = to_regclass('pg_catalog.pg_publication_namespace')
    JOIN pg_depend across ON across.classid = up.classid AND across.objid = up.objid AND across.refclassid = 'pg_namespace'::regclass
    JOIN pg_namespace n ON n.oid = across.refobjid
   GROUP BY p.pubname`

/** Without the connection: it may hold a password, and only superusers may read it. The default of streaming changed in 18. */
export const subscriptions: CatalogQuery = () => `
  SELECT 'subscription' AS kind, quote_ident(s.subname) AS name, ${roleName('s.subowner')} AS owner,
         array_to_string(s.subpublications, ', ') AS publications, CASE WHEN NOT s.subenabled THEN 'no' END AS enabled,
         s.subslotname AS slot, s.subsynccommit AS "synchronous commit", CASE WHEN s.subbinary THEN 'yes' END AS binary,
         CASE left(s.substream::text, 1) WHEN CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'p' ELSE 'f' END THEN NULL
                                         WHEN 'f' THEN 'off' WHEN 't' THEN 'on' ELSE 'parallel' END AS streaming, d.description AS comment
    FROM pg_subscription s ${comment('pg_subscription', 's.oid')}
   WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`
