import { UNREADABLE } from '../../../core/catalog.ts'
import { aclText, type CatalogQuery, comment, foreignOptionsText, roleName } from './scope.ts'

export const foreignDataWrappers: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'foreign data wrapper' AS kind, quote_ident(w.fdwname) AS name, ${roleName('w.fdwowner')} AS owner, ${aclText('w.fdwacl')} AS acl,
         NULLIF(w.fdwhandler::regproc::text, '-') AS handler, NULLIF(w.fdwvalidator::regproc::text, '-') AS validator,
         ${foreignOptionsText('w.fdwoptions')} AS options, d.description AS comment
    FROM pg_foreign_data_wrapper w ${comment('pg_foreign_data_wrapper', 'w.oid')}
   WHERE ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}`

export const foreignServers: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'server' AS kind, quote_ident(s.srvname) AS name, ${roleName('s.srvowner')} AS owner, ${aclText('s.srvacl')} AS acl,
         w.fdwname AS "foreign data wrapper", s.srvtype AS type, s.srvversion AS version,
         ${foreignOptionsText('s.srvoptions')} AS options, d.description AS comment
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw ${comment('pg_foreign_server', 's.oid')}
   WHERE ${notOfExtension('pg_foreign_server', 's.oid')}`

/** Their options hold passwords, so only a digest is read, and only by the roles to which PostgreSQL shows them. */
export const userMappings: CatalogQuery = () => `
  SELECT 'user mapping' AS kind, quote_ident(m.srvname) || '.' || quote_ident(m.usename) AS name, 'yes' AS exists,
         CASE WHEN m.umoptions IS NOT NULL THEN 'md5:' || md5((SELECT string_agg(o, E'\\n' ORDER BY o COLLATE "C") FROM unnest(m.umoptions) o))
              WHEN NOT (me.rolsuper OR pg_has_role(s.srvowner, 'USAGE') AND m.umuser = 0
                        OR m.usename = CURRENT_USER AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')))
              THEN '${UNREADABLE}' END AS options
    FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid JOIN pg_roles me ON me.rolname = CURRENT_USER`
