import type postgres from 'postgres'
import { tableOf } from './migrations.ts'
import { idAt, type State } from './model.ts'
import type { Kind } from './scenario.ts'

/** What the database holds. */
export interface Reality {
  readonly history: readonly { readonly id: string; readonly dirty: boolean; readonly runId: string | null }[]
  readonly tables: ReadonlySet<string>
  /** The marks of each migration in their order: `udu`. */
  readonly marks: ReadonlyMap<string, string>
}

export async function realityOf(sql: postgres.Sql): Promise<Reality> {
  return sql.begin('isolation level repeatable read', async (tx) => {
    const [found] = await tx`SELECT to_regclass('public.schema_migrations') AS history`
    const history = found?.history
      ? await tx`SELECT version AS id, dirty, run_id AS "runId" FROM schema_migrations ORDER BY sequence`
      : []
    const tables = await tx`SELECT tablename AS name FROM pg_tables WHERE tablename LIKE 't\\_%'`
    const marks = await tx`SELECT id, string_agg(mark, '' ORDER BY nr) AS marks FROM watch.marks GROUP BY id`
    return {
      history: history.map(({ id, dirty, runId }) => ({ id, dirty, runId })),
      tables: new Set(tables.map(({ name }) => name as string)),
      marks: new Map(marks.map((row) => [row.id as string, row.marks as string])),
    }
  })
}

/** Where the history stands, or what is wrong with it: it must be the first so many migrations, the last of them dirty or not. */
export function standOf(kinds: readonly Kind[], { history }: Reality): Pick<State, 'applied' | 'dirty'> | string {
  const ids = history.map(({ id }) => id)
  const expected = ids.map((_, place) => idAt(kinds, place))
  const told = history.map(({ id, dirty }) => (dirty ? `${id} dirty` : id)).join(', ')
  if (ids.some((id, place) => id !== expected[place])) return `a gap: the history holds ${told}`
  if (history.some(({ dirty }, place) => dirty && place < ids.length - 1)) return `dirty below others: ${told}`
  const dirty = history.at(-1)?.dirty ?? false
  return { applied: ids.length - (dirty ? 1 : 0), dirty }
}

/** What must hold whatever has happened: schema and history agree, and nothing ran twice. */
export function inconsistencies(kinds: readonly Kind[], { history, tables, marks }: Reality): readonly string[] {
  return kinds.flatMap((kind, place) => {
    const id = idAt(kinds, place)
    const entry = history.find((each) => each.id === id)
    const seen = marks.get(id) ?? ''
    const twice = kind === 'outside' ? outsideFault(seen) : /^(ud)*u?$/.test(seen) ? undefined : 'ran twice'
    const applied = entry !== undefined
    const disagree = entry?.dirty
      ? []
      : [
          ...(/[uU]$/.test(seen) === applied ? [] : [`${id}: history says ${applied}, its marks are ${seen}`]),
          ...(kind === 'rows' || tables.has(tableOf(id)) === applied
            ? []
            : [`${id}: its table is not as the history says`]),
        ]
    return [...(twice ? [`${id}: ${twice}, its marks are ${seen}`] : []), ...disagree]
  })
}

/** A step outside a transaction may be cut off between its statements, and the statement under way may run again. */
function outsideFault(marks: string): string | undefined {
  if (/uu|Uu|UU|u[D]/.test(marks)) return 'ran twice'
  if (/[dD]U|^U/.test(marks)) return 'a statement of a dead run came after it was rolled back'
  if (/du/.test(marks)) return 'went up before its down had ended'
  return undefined
}
