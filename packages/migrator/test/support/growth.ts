/** Between growing evenly (8) and growing with the square (64) on eight times as much, far from both. */
export const LINEAR = 24

/**
 * How much longer work takes on eight times as much. The quickest of some tries counts, so that a busy machine does not; they
 * end as soon as it is less than `LINEAR`.
 */
export function growthOf(work: (size: number) => void, size: number): number {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let tries = 0; tries < MOST_TRIES && !(growth(small, large) < LINEAR); tries++) {
    small = Math.min(
      small,
      timed(() => work(size)),
    )
    large = Math.min(
      large,
      timed(() => work(size * 8)),
    )
  }
  return growth(small, large)
}

const MOST_TRIES = 8

/** Below that a clock tells nothing. */
const SHORTEST_MS = 2

function growth(small: number, large: number): number {
  return large / Math.max(small, SHORTEST_MS)
}

/** Milliseconds of processor time: what else the machine does is not counted. */
function timed(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
