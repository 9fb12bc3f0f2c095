/** Places in a text, counted in bytes of UTF-8 or in code points, as indexes of its UTF-16 units. */

/** Tells the index of a byte. Asked in ascending order it reads the text once, however often it is asked. */
export function byteCursor(text: string): (byte: number) => number {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length === text.length) return (byte) => byte
  let [read, index] = [0, 0]
  return (byte) => {
    if (byte < read) [read, index] = [0, 0]
    index += bytes.toString('utf8', read, byte).length
    read = byte
    return index
  }
}

/** The index at which so many code points are passed; the text's length where it has fewer. */
export function afterCodePoints(text: string, count: number): number {
  let at = 0
  for (let left = count; left > 0 && at < text.length; left--) at += isPair(text, at) ? 2 : 1
  return at
}

/** Half of a pair that stands alone counts as one, as it does when it is sent. */
export function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff
}
