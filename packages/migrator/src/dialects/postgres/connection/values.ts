import { invalid } from './invalid.ts'

/** One of the words that a parameter takes. What was written is not repeated; what can be written is. */
export function oneOf<T extends string>(words: readonly T[], name: string, value: string): T {
  const word = words.find((each) => each === value)
  if (word === undefined) throw invalid(`its ${name} must be one of ${words.join(', ')}`)
  return word
}
