import type { Row } from '../session/sql-session.ts'

/** A relation as a catalog named it. Oids are texts. */
export interface KnownRelation {
  readonly name: string
  readonly kind: string
  /** Changes when the relation is written anew, file by file. */
  readonly file: string
  /** Rows that this connection has read from it and not reported yet: where counting begins. */
  readonly rows: number
  /** Rows that it has updated or deleted, likewise. */
  readonly changes: number
}

/** Tables, partitioned tables, indexes, views, materialized views, foreign tables: what others may wait for. */
const KINDS = "'r', 'p', 'i', 'I', 'v', 'm', 'f'"

/** Relations of users; names without the schema where that is `public`. */
export const RELATIONS = `
  SELECT c.oid::text AS oid, CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name,
         c.relkind::text AS kind, c.relfilenode::text AS file,
         pg_catalog.pg_stat_get_xact_tuples_returned(c.oid)::text AS rows,
         (pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid))::text AS changes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid >= 16384 AND c.relkind IN (${KINDS}) AND n.nspname !~ '^pg_'`

export function relationsOf(rows: readonly Row[]): Map<string, KnownRelation> {
  return new Map(
    rows.map(({ oid, name, kind, file, rows: read, changes }) => [
      oid ?? '',
      { name: name ?? '', kind: kind ?? '', file: file ?? '', rows: Number(read), changes: Number(changes) },
    ]),
  )
}

export function isIndex({ kind }: KnownRelation): boolean {
  return kind === 'i' || kind === 'I'
}
