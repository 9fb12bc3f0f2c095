import { OUTSIDE } from '../support/scene.ts'
import type { Kind } from './scenario.ts'

/**
 * Where the migrations leave a mark each time that they run. Nothing else ever removes one, so what was applied or reverted
 * twice shows. `u` and `d` begin a step (and are all of a transactional one), `U` and `D` end one outside a transaction.
 */
export const WATCH = `
  CREATE SCHEMA watch;
  CREATE TABLE watch.marks (
    nr bigint GENERATED ALWAYS AS IDENTITY, id text, mark text,
    who text DEFAULT current_setting('application_name'), pid int DEFAULT pg_backend_pid(), at timestamptz DEFAULT clock_timestamp())`

export function idOf(place: number, kind: Kind): string {
  return `${String(place + 1).padStart(4, '0')}_${kind}`
}

export function tableOf(id: string): string {
  return `t_${id}`
}

/** The files of one migration, by their path in the project. */
export function filesOf(id: string, kind: Kind): Readonly<Record<string, string>> {
  const { up, down } = STATEMENTS[kind](id)
  if (kind === 'module') return { [`migrations/${id}.mjs`]: moduleOf(up, down) }
  const head = kind === 'outside' ? OUTSIDE : ''
  const text = (statements: readonly string[]) => head + statements.map((each) => `${each};\n`).join('')
  return { [`migrations/${id}.up.sql`]: text(up), [`migrations/${id}.down.sql`]: text(down) }
}

type Both = { readonly up: readonly string[]; readonly down: readonly string[] }

const STATEMENTS: Readonly<Record<Kind, (id: string) => Both>> = {
  table: (id) => ({ up: [created(id), mark(id, 'u')], down: [dropped(id), mark(id, 'd')] }),
  rows: (id) => ({ up: [mark(id, 'u', 0.01)], down: [mark(id, 'd', 0.01)] }),
  module: (id) => ({ up: [created(id), mark(id, 'u')], down: [mark(id, 'd'), dropped(id)] }),
  outside: (id) => ({
    up: [mark(id, 'u'), created(id), mark(id, 'U', 0.1)],
    down: [mark(id, 'd'), dropped(id), mark(id, 'D', 0.1)],
  }),
}

function created(id: string): string {
  return `CREATE TABLE ${tableOf(id)} (id int PRIMARY KEY)`
}

/** A second DROP is not noticed: its mark is. */
function dropped(id: string): string {
  return `DROP TABLE IF EXISTS ${tableOf(id)}`
}

function mark(id: string, text: string, seconds?: number): string {
  const values = `SELECT '${id}', '${text}'`
  return `INSERT INTO watch.marks (id, mark) ${values}${seconds === undefined ? '' : ` FROM pg_sleep(${seconds})`}`
}

function moduleOf(up: readonly string[], down: readonly string[]): string {
  const body = (statements: readonly string[]) =>
    statements.map((each) => `  await db.execute(${JSON.stringify(each)})\n`).join('')
  return `export async function up(db) {\n${body(up)}}\nexport async function down(db) {\n${body(down)}}\n`
}
