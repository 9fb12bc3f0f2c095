/**
 * What the server prints otherwise once a column was another type and came back. `x IN ('a', 'b')` over a varchar is a cast
 * of the whole array before, and one of each element after; a literal is cast there and back. Here it reads alike.
 */
export function castText(text: string): string {
  if (!text.includes('::character varying')) return text
  return text.replace(THERE_AND_BACK, '$1').replace(CAST_AS_A_WHOLE, (_, elements: string) => {
    const each = elements.match(ELEMENT) ?? []
    return `ARRAY[${each.map((element) => `(${element})::text`).join(', ')}]`
  })
}

const TEXT = "E?'(?:[^']|'')*'::character varying"
const ELEMENT = new RegExp(TEXT, 'g')
const CAST_AS_A_WHOLE = new RegExp(String.raw`\(ARRAY\[(${TEXT}(?:, ${TEXT})*)\]\)::text\[\]`, 'g')
const THERE_AND_BACK = new RegExp(String.raw`\(\((${TEXT})\)::text\)::character varying(?!\()`, 'g')
