/** Numbers that look random and are the same at every run, so that a finding can be repeated. */
export interface Random {
  /** A whole number from 0 to below the limit. */
  below(limit: number): number
}

/** The seed is a text (a table's name, say): tables do not follow each other's steps. */
export function randomOf(seed: string): Random {
  let state = hashOf(seed)
  return {
    below(limit) {
      // mulberry32: its low bits are as good as its high ones, unlike a linear congruence's.
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
    },
  }
}

/** FNV-1a. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}
