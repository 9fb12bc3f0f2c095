/** What is measured in every round. Resolves with milliseconds. */
export interface Contender {
  readonly name: string
  measure(): Promise<number>
}

/** The times of one contender, in the order of the rounds. */
export interface Series {
  readonly name: string
  readonly times: readonly number[]
}

/**
 * Measures all contenders in interleaved rounds (A B C, B C A, C A B …), so that what else happens on the machine, and
 * what stands before in a round, meets all of them alike. One round before the first is not counted: it fills caches.
 */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
  onProgress: (message: string) => void,
): Promise<readonly Series[]> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    const first = round % contenders.length
    for (const { name, measure } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const ms = await measure()
      if (round > 0) times.get(name)?.push(ms)
      onProgress(`${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}: ${name} ${ms.toFixed(0)} ms`)
    }
  }
  return [...times].map(([name, measured]) => ({ name, times: measured }))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
