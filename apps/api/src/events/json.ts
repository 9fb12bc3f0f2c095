// What JSON allows and PostgreSQL's text and jsonb don't.

/** NUL, or half of a surrogate pair. */
export const unstorable = /[\0\p{Surrogate}]/u

const maxDepth = 32

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Why this parsed JSON cannot be stored, to follow its name in a sentence; undefined when it can. */
export function problemOfJson(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') {
    return unstorable.test(value) ? 'holds a text with a NUL character or half a surrogate pair' : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === maxDepth) return `is nested more than ${maxDepth} levels deep`
  for (const part of Array.isArray(value) ? value : Object.entries(value).flat()) {
    const problem = problemOfJson(part, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}
