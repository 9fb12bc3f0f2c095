import type { SqlSession } from '../session/sql-session.ts'
import type { Pair } from './pair.ts'

/** Sequences go on behind the values that they gave before; never back. RESTART, unlike setval, is undone with the transaction. */
export async function moveSequences(on: SqlSession, pairs: readonly Pair[]): Promise<void> {
  const statements = pairs.flatMap(({ kept, now }) =>
    kept.sequences.flatMap(({ column, next, increment }) => {
      const sequence = now.sequences.find((each) => each.column === column)
      if (!sequence || sequence.increment !== increment || !isBehind(sequence.next, next, increment)) return []
      return [`ALTER SEQUENCE ${sequence.name} RESTART WITH ${next}`]
    }),
  )
  for (const statement of statements) await on.execute(statement)
}

function isBehind(now: string, then: string, increment: string): boolean {
  const distance = BigInt(then) - BigInt(now)
  return increment.startsWith('-') ? distance < 0n : distance > 0n
}
