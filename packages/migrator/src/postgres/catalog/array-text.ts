/**
 * `x IN ('a', 'b')` over a varchar is printed as a cast of the whole array; once the column was another type and came back,
 * as a cast of each element. Here it is the latter, always.
 */
export function arrayText(text: string): string {
  if (!text.includes('])::text[]')) return text
  return text.replace(CAST_AS_A_WHOLE, (_, elements: string) => {
    const each = elements.match(ELEMENT) ?? []
    return `ARRAY[${each.map((element) => `(${element})::text`).join(', ')}]`
  })
}

const TEXT = "E?'(?:[^']|'')*'::character varying"
const ELEMENT = new RegExp(TEXT, 'g')
const CAST_AS_A_WHOLE = new RegExp(String.raw`\(ARRAY\[(${TEXT}(?:, ${TEXT})*)\]\)::text\[\]`, 'g')
