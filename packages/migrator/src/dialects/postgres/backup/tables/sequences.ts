import { literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import type { ArchivedTable } from './archive.ts'
import { qualified, type SequenceShape } from './shape.ts'

/** Puts the sequences of these tables where they stood; those that are gone have gone with their column. */
export async function putBackSequences(on: SqlSession, tables: readonly ArchivedTable[]): Promise<void> {
  for (const sequence of tables.flatMap(({ shape }) => shape.sequences)) {
    const name = qualified(sequence.schema, sequence.name)
    const [row] = await on.query(`
      SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass(${literal(name)}) AND relkind = 'S')::text AS found`)
    if (row?.found === 'true') await on.execute(putBackStatement(name, sequence))
  }
}

/**
 * RESTART is undone with the transaction, which setval is not; but it can't express that the last value was given out.
 * https://www.postgresql.org/docs/current/sql-altersequence.html
 */
function putBackStatement(name: string, { lastValue, isCalled, increment, min, max }: SequenceShape): string {
  const next = BigInt(lastValue) + (isCalled ? BigInt(increment) : 0n)
  if (next >= BigInt(min) && next <= BigInt(max)) return `ALTER SEQUENCE ${name} RESTART WITH ${next}`
  return `SELECT pg_catalog.setval(${literal(name)}, ${lastValue}, true)`
}
