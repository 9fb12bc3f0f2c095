import { isSocket, type Target } from './connection.ts'

/** The password of the first line that matches. https://www.postgresql.org/docs/current/libpq-pgpass.html */
export function passwordIn(
  text: string,
  { target, database, user }: { readonly target: Target; readonly database: string; readonly user: string },
): string | undefined {
  const wanted = [hostOf(target), String(target.port), database, user]
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n/)) {
    if (line === '' || line.startsWith('#')) continue
    const fields = fieldsOf(line)
    if (wanted.every((value, index) => fits(fields[index], value))) return unescaped(fields[4] ?? '')
  }
  return undefined
}

/** A backslash keeps a colon, or another backslash, from ending a field. */
function fieldsOf(line: string): readonly string[] {
  return [...line.matchAll(/((?:\\.|[^:\\]|\\$)*)(?::|$)/g)].map(([, field = '']) => field)
}

/** Only a bare `*` is the wildcard. */
function fits(field: string | undefined, value: string): boolean {
  return field === '*' || (field !== undefined && unescaped(field) === value)
}

function unescaped(field: string): string {
  return field.replace(/\\(.)/g, '$1')
}

/** libpq looks for `localhost` where the socket is in its usual folder, which depends on who packaged it. */
function hostOf({ host }: Target): string {
  return isSocket(host) && USUAL_FOLDERS.has(host.replace(/\/$/, '')) ? 'localhost' : host
}

const USUAL_FOLDERS = new Set(['/tmp', '/var/run/postgresql', '/run/postgresql'])
