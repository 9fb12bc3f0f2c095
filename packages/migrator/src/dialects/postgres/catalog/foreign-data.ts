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

/** Their options hold passwords, and not every role may read them: only that one exists. */
export const userMappings: CatalogQuery = () => `
  SELECT 'user mapping' AS kind, quote_ident(m.srvname) || '.' || quote_ident(m.usename) AS name, 'yes' AS exists
    FROM pg_user_mappings m`
