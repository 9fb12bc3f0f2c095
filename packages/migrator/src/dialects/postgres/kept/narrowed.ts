import type { KeptFor } from '../../../ports/kept-data.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { readKept } from './archive.ts'
import { leftColumn, pairOf, sameRow } from './pair.ts'
import { EXACT, withSettings } from './settings.ts'
import { readShape } from './shape.ts'

/** Notes beside the kept values what the step has made of them, so that a later change can be distinguished from it. */
export async function noteWhatIsLeft(on: SqlSession, archive: string, { migration, runId }: KeptFor): Promise<void> {
  const kept = (await readKept(on, archive, migration)).filter(
    (each) => each.runId === runId && each.kind === 'narrowed',
  )
  for (const each of kept) {
    const now = await readShape(on, each.schema, each.table)
    const pair = now && pairOf(archive, each, now)
    if (!pair) continue
    const { copy, rows, columns } = pair
    const texts = columns.map(
      ({ now: column }, index) => [leftColumn(index), column.name.replaceAll('"', '""')] as const,
    )
    await withSettings(on, EXACT, async () => {
      await on.execute(`ALTER TABLE ${copy} ${texts.map(([left]) => `ADD COLUMN ${left} text`).join(', ')}`)
      const set = texts.map(([left, name]) => `${left} = t."${name}"::pg_catalog.text`).join(', ')
      await on.execute(`UPDATE ${copy} AS b SET ${set} FROM ${rows} AS t WHERE ${sameRow(pair)}`)
    })
  }
}
