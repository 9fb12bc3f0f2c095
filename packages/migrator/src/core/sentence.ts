/** The text ending in exactly one full stop; an exclamation or question mark stays. */
export function sentence(text: string): string {
  const bare = withoutStop(text)
  return bare === '' || bare.endsWith('!') || bare.endsWith('?') ? bare : `${bare}.`
}

/** The text without the full stops and white space at its end, to be continued in the same sentence. */
export function withoutStop(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === '.' || text[end - 1]?.trim() === '')) end--
  return text.slice(0, end)
}
