import { type CatalogQuery, comment, roleName } from './scope.ts'

export const searchConfigurations: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'text search configuration' AS kind, format('%I.%I', n.nspname, f.cfgname) AS name, ${roleName('f.cfgowner')} AS owner,
         format('%I.%I', pn.nspname, p.prsname) AS parser,
         (SELECT string_agg(line, '; ' ORDER BY line COLLATE "C")
            FROM (SELECT (SELECT alias FROM ts_token_type(f.cfgparser) WHERE tokid = m.maptokentype) || ': '
                         || string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno) AS line
                    FROM pg_ts_config_map m WHERE m.mapcfg = f.oid GROUP BY m.maptokentype) maps) AS mappings,
         d.description AS comment
    FROM pg_ts_config f ${inUserSchema('f.cfgnamespace')}
    JOIN pg_ts_parser p ON p.oid = f.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
    ${comment('pg_ts_config', 'f.oid')}
   WHERE ${notOfExtension('pg_ts_config', 'f.oid')}`

export const searchDictionaries: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'text search dictionary' AS kind, format('%I.%I', n.nspname, s.dictname) AS name, ${roleName('s.dictowner')} AS owner,
         format('%I.%I', tn.nspname, t.tmplname) AS template, s.dictinitoption AS options, d.description AS comment
    FROM pg_ts_dict s ${inUserSchema('s.dictnamespace')}
    JOIN pg_ts_template t ON t.oid = s.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
    ${comment('pg_ts_dict', 's.oid')}
   WHERE ${notOfExtension('pg_ts_dict', 's.oid')}`

export const searchParsers: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'text search parser' AS kind, format('%I.%I', n.nspname, p.prsname) AS name,
         concat_ws(', ', p.prsstart::regproc, p.prstoken::regproc, p.prsend::regproc, p.prslextype::regproc, p.prsheadline::regproc) AS functions,
         d.description AS comment
    FROM pg_ts_parser p ${inUserSchema('p.prsnamespace')} ${comment('pg_ts_parser', 'p.oid')}
   WHERE ${notOfExtension('pg_ts_parser', 'p.oid')}`

export const searchTemplates: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'text search template' AS kind, format('%I.%I', n.nspname, t.tmplname) AS name,
         concat_ws(', ', t.tmplinit::regproc, t.tmpllexize::regproc) AS functions, d.description AS comment
    FROM pg_ts_template t ${inUserSchema('t.tmplnamespace')} ${comment('pg_ts_template', 't.oid')}
   WHERE ${notOfExtension('pg_ts_template', 't.oid')}`
