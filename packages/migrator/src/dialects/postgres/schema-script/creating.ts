import { FIRST_USER_OID } from '../catalog/scope.ts'

/**
 * Queries for the statements that create objects, by the key of each: https://www.postgresql.org/docs/current/catalogs.html.
 * They run with an empty search path, so that every name is qualified.
 */
const name = (column: string) => `pg_catalog.format('%I.%I', n.nspname, ${column})`
const optionList = (column: string) =>
  `(SELECT ' WITH (' || string_agg(format('%s=%L', option_name, option_value), ', ') || ')' FROM pg_options_to_table(${column}))`

const SCHEMAS = `
  SELECT 'pg_namespace ' || n.oid AS key, format('CREATE SCHEMA %I', n.nspname) AS sql FROM pg_namespace n`

/** Where the extension brings its schema, that is not there before it. */
const EXTENSIONS = `
  SELECT 'pg_extension ' || x.oid AS key, format('CREATE EXTENSION IF NOT EXISTS %I', x.extname)
         || CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
                 THEN '' ELSE format(' WITH SCHEMA %I', n.nspname) END AS sql
    FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace`

const SEQUENCE_OPTIONS = `format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s',
  s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)`

const SEQUENCES = `
  SELECT 'pg_class ' || c.oid AS key,
         format('CREATE %sSEQUENCE %s AS %s ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, ${name('c.relname')},
                format_type(s.seqtypid, NULL)) || ${SEQUENCE_OPTIONS} AS sql
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid`

const ENUMS = `
  SELECT 'pg_type ' || t.oid AS key, format('CREATE TYPE %s AS ENUM (%s)', ${name('t.typname')},
         (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) AS sql
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e'`

const DOMAINS = `
  SELECT 'pg_type ' || t.oid AS key, format('CREATE DOMAIN %s AS %s', ${name('t.typname')}, format_type(t.typbasetype, t.typtypmod))
         || CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END
         || COALESCE(' DEFAULT ' || COALESCE(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)), '')
         || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
         || COALESCE((SELECT string_agg(format(E'\\n    CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
                        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '') AS sql
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd'`

const COMPOSITES = `
  SELECT 'pg_type ' || t.oid AS key, format(E'CREATE TYPE %s AS (%s\\n)', ${name('t.typname')},
         (SELECT string_agg(format(E'\\n    %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
                   || CASE WHEN a.attcollation <> at.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END, ',' ORDER BY a.attnum)
            FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid
           WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) AS sql
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'`

/** One with a function of its own needs that function, and the function the type. */
const RANGES = `
  SELECT 'pg_type ' || t.oid AS key, format('CREATE TYPE %s AS RANGE (%s)', ${name('t.typname')}, concat_ws(', ',
           'SUBTYPE = ' || format_type(r.rngsubtype, NULL),
           (SELECT format('SUBTYPE_OPCLASS = %I.%I', cn.nspname, o.opcname) FROM pg_opclass o JOIN pg_namespace cn ON cn.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
           CASE WHEN r.rngcollation <> sub.typcollation THEN 'COLLATION = ' || r.rngcollation::regcollation END,
           CASE WHEN r.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff::regproc END,
           'MULTIRANGE_TYPE_NAME = ' || r.rngmultitypid::regtype)) AS sql
    FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_type sub ON sub.oid = r.rngsubtype WHERE r.rngcanonical = 0`

const FUNCTIONS = `
  SELECT 'pg_proc ' || p.oid AS key, rtrim(pg_get_functiondef(p.oid), E'\\n') AS sql
    FROM pg_proc p WHERE p.oid >= ${FIRST_USER_OID} AND p.prokind <> 'a' AND p.prolang NOT IN (12, 13)`

const COLUMN = `format(E'\\n    %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
  || CASE WHEN a.attcollation <> at.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
  || CASE a.attcompression WHEN 'p' THEN ' COMPRESSION pglz' WHEN 'l' THEN ' COMPRESSION lz4' ELSE '' END
  || CASE WHEN x.adbin IS NULL THEN '' WHEN a.attgenerated = '' THEN ' DEFAULT ' || pg_get_expr(x.adbin, x.adrelid)
          ELSE format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(x.adbin, x.adrelid), CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) END
  || CASE WHEN a.attidentity = '' THEN '' ELSE
       (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s ', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.seqrelid::regclass)
               || ${SEQUENCE_OPTIONS} || ')'
          FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
           AND d.refobjsubid = a.attnum AND d.deptype = 'i') END
  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END`

/** Columns, then the constraints that are no foreign keys; what a parent brings is not written. */
const TABLES = `
  SELECT 'pg_class ' || c.oid AS key,
         format('CREATE %sTABLE %s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, ${name('c.relname')})
         || CASE WHEN c.relispartition THEN ' PARTITION OF ' || parent.names || COALESCE(' (' || rules.list || E'\\n)', '')
                                            || ' ' || pg_get_expr(c.relpartbound, c.oid)
                 ELSE format(E' (%s%s)', concat_ws(',', columns.list, rules.list), CASE WHEN columns.list IS NULL AND rules.list IS NULL THEN '' ELSE E'\\n' END)
                      || COALESCE(' INHERITS (' || parent.names || ')', '') END
         || CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END
         || COALESCE(' USING ' || quote_ident(NULLIF(m.amname, 'heap')), '') || COALESCE(${optionList('c.reloptions')}, '')
         || COALESCE(' TABLESPACE ' || quote_ident(space.spcname), '') AS sql
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_tablespace space ON space.oid = c.reltablespace
    LEFT JOIN (SELECT inhrelid, string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) AS names FROM pg_inherits GROUP BY 1) parent ON parent.inhrelid = c.oid
    LEFT JOIN LATERAL (SELECT string_agg(${COLUMN}, ',' ORDER BY a.attnum) AS list
                         FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid
                         LEFT JOIN pg_attrdef x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal) columns ON true
    LEFT JOIN LATERAL (SELECT string_agg(format(E'\\n    CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ',' ORDER BY k.contype = 'c', k.conname) AS list
                         FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x', 'c') AND k.conislocal
                          AND k.conparentid = 0 AND k.convalidated) rules ON true
   WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p')`

const VIEWS = `
  SELECT 'pg_class ' || c.oid AS key,
         format('CREATE %s %s', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END, ${name('c.relname')})
         || COALESCE(${optionList('c.reloptions')}, '') || E' AS\\n' || rtrim(pg_get_viewdef(c.oid), ';')
         || CASE c.relkind WHEN 'm' THEN E'\\n WITH NO DATA' ELSE '' END AS sql
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('v', 'm')`

export const CREATING = [SCHEMAS, EXTENSIONS, SEQUENCES, ENUMS, DOMAINS, COMPOSITES, RANGES, FUNCTIONS, TABLES, VIEWS]
