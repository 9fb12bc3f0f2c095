/** The text ending in exactly one full stop; another mark that ends a sentence stays, of whatever language. */
export function sentence(text: string): string {
  const bare = withoutStop(text)
  return bare === '' || ENDED.test(bare) ? bare : `${bare}.`
}

const ENDED = /[.!?…。！？।۔؟]["'»”’)\]]?$/

/** The text without the full stops, colons and white space at its end, to be continued in the same sentence. */
export function withoutStop(text: string): string {
  let end = text.length
  while (end > 0 && ('.:。'.includes(text[end - 1] ?? '') || text[end - 1]?.trim() === '')) end--
  return text.slice(0, end)
}
