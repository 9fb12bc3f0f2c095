import { type CatalogQuery, comment, roleName } from './scope.ts'

const enabled = (column: string) =>
  `CASE ${column} WHEN 'D' THEN 'no' WHEN 'R' THEN 'on replicas' WHEN 'A' THEN 'always' END AS enabled`

/** A partition's copies of its parent's triggers are covered by the parent, unless they fire differently. */
export const triggers: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'trigger' AS kind, g.tgrelid::text AS of, quote_ident(g.tgname) AS name,
         pg_get_triggerdef(g.oid) AS definition, ${enabled('g.tgenabled')}, d.description AS comment
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid ${inUserSchema('c.relnamespace')}
    LEFT JOIN pg_trigger parent ON parent.oid = g.tgparentid
    ${comment('pg_trigger', 'g.oid')}
   WHERE CASE WHEN g.tgparentid = 0 THEN NOT g.tgisinternal ELSE NOT parent.tgisinternal AND g.tgenabled <> parent.tgenabled END`

export const rules: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'rule' AS kind, r.ev_class::text AS of, quote_ident(r.rulename) AS name,
         pg_get_ruledef(r.oid) AS definition, ${enabled('r.ev_enabled')}, d.description AS comment
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class ${inUserSchema('c.relnamespace')}
    ${comment('pg_rewrite', 'r.oid')}
   WHERE r.rulename <> '_RETURN'`

export const policies: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'policy' AS kind, p.polrelid::text AS of, quote_ident(p.polname) AS name,
         CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END AS command,
         CASE WHEN NOT p.polpermissive THEN 'yes' END AS restrictive,
         (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE ${roleName('role')} END, ', ' ORDER BY ${roleName('role')} COLLATE "C")
            FROM unnest(p.polroles) role) AS roles,
         pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS "with check",
         d.description AS comment
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid ${inUserSchema('c.relnamespace')}
    ${comment('pg_policy', 'p.oid')}`

export const eventTriggers: CatalogQuery = ({ notOfExtension }) => `
  SELECT 'event trigger' AS kind, quote_ident(t.evtname) AS name, ${roleName('t.evtowner')} AS owner,
         t.evtevent AS event, array_to_string(t.evttags, ', ') AS tags, t.evtfoid::regprocedure::text AS function,
         ${enabled('t.evtenabled')}, d.description AS comment
    FROM pg_event_trigger t ${comment('pg_event_trigger', 't.oid')}
   WHERE ${notOfExtension('pg_event_trigger', 't.oid')}`
