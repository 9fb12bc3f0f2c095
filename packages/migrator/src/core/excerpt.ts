/** The beginning of a text, never cut in the middle of a character. */
export function excerptOf(text: string, length: number): string {
  if (text.length <= length) return text
  return Array.from(text.slice(0, length + 1))
    .slice(0, -1)
    .join('')
}
