/** Numbers that look random and are the same at every run: a failure can be repeated. */
export function randomSource(seed: number): { below(limit: number): number; pick<T>(from: readonly [T, ...T[]]): T } {
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return { below, pick: (from) => from[below(from.length)] ?? from[0] }
}
