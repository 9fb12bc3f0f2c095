/** Whether a text, SQL or code with SQL in it, may add a value to an enum: looked for from semicolon to semicolon. */
export function mayAddEnumValue(text: string): boolean {
  if (!ADD_VALUE.test(text)) return false
  return text.split(';').some((part) => {
    const alter = part.search(ALTER_TYPE)
    return alter >= 0 && ADD_VALUE.test(part.slice(alter))
  })
}

const ALTER_TYPE = /\balter\s+type\b/i
const ADD_VALUE = /\badd\s+value\b/i
