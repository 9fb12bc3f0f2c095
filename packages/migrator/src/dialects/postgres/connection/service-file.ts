/**
 * The parameters of one service; undefined where the file does not define it. Later lines win over earlier ones.
 * https://www.postgresql.org/docs/current/libpq-pgservice.html
 */
export function serviceIn(text: string, service: string): ReadonlyMap<string, string> | undefined {
  let found: Map<string, string> | undefined
  let within = false
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n?|\n/)) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const section = /^\[(.*)\]$/.exec(trimmed)?.[1]
    if (section !== undefined) {
      // libpq stops at the next section: of two with one name the first counts.
      if (found) return found
      within = section === service
      if (within) found = new Map()
    } else if (within) {
      const at = trimmed.indexOf('=')
      found?.set(trimmed.slice(0, Math.max(at, 0)).trim(), trimmed.slice(at + 1))
    }
  }
  return found
}
