import { type CatalogQuery, comment, FIRST_USER_OID } from './scope.ts'

/**
 * Constraints of tables. The definition tells DEFERRABLE, NOT VALID and NOT ENFORCED too. Not here: NOT NULL (columns.ts),
 * constraint triggers (triggers.ts), and the copies of a partitioned table's foreign keys that its partitions get.
 */
export const tableConstraints: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'constraint' AS kind, k.conrelid::text AS of, quote_ident(k.conname) AS name,
         pg_get_constraintdef(k.oid) AS definition, CASE WHEN NOT k.conislocal THEN 'yes' END AS inherited,
         d.description AS comment
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid ${inUserSchema('c.relnamespace')}
    ${comment('pg_constraint', 'k.oid')}
   WHERE k.oid >= ${FIRST_USER_OID} AND k.contype NOT IN ('n', 't') AND NOT (k.contype = 'f' AND k.conparentid <> 0)`

/**
 * Constraints that triggers check (foreign keys, deferrable UNIQUE and EXCLUDE), where ALTER TABLE … DISABLE TRIGGER ALL
 * switched these off. A foreign key has triggers on both tables, so the table is part of the text.
 */
export const disabledConstraints: CatalogQuery = ({ inUserSchema }) => `
  SELECT 'constraint' AS kind, k.conrelid::text AS of, quote_ident(k.conname) AS name,
         string_agg(DISTINCT CASE g.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas' ELSE 'always' END
                    || ' on ' || g.tgrelid::regclass, ', ') AS triggers
    FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint
    JOIN pg_class c ON c.oid = k.conrelid ${inUserSchema('c.relnamespace')}
   WHERE g.tgisinternal AND g.tgenabled <> 'O'
   GROUP BY k.conrelid, k.conname`

export const domainConstraints: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT 'constraint' AS kind, format('%I.%I.%I', n.nspname, t.typname, k.conname) AS name,
         pg_get_constraintdef(k.oid) AS definition, d.description AS comment
    FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid ${inUserSchema('t.typnamespace')}
    ${comment('pg_constraint', 'k.oid')}
   WHERE k.contype = 'c' AND ${notOfExtension('pg_type', 't.oid')}`
