import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { MigratorError } from '../../../errors.ts'
import { serviceIn } from '../connection/service-file.ts'
import { namingVariables, urlOfVariables } from '../connection/variables.ts'
import { nameOfUser } from './driver-client.ts'

/** A connection string made of libpq's variables, and those of them that name the database. */
export interface LibpqEnvironment {
  readonly url: string
  readonly names: readonly string[]
}

/** Undefined where the variables name no database. Throws DATABASE_URL_INVALID for a service that is not defined. */
export function libpqEnvironment(env: Readonly<Record<string, string | undefined>>): LibpqEnvironment | undefined {
  const names = namingVariables(env)
  if (names.length === 0) return undefined
  const service = env.PGSERVICE ? definitionOf(env.PGSERVICE, env) : new Map<string, string>()
  return { url: urlOfVariables(env, service, nameOfUser), names }
}

function definitionOf(service: string, env: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> {
  const own = env.PGSERVICEFILE || join(homedir(), '.pg_service.conf')
  const files = env.PGSYSCONFDIR ? [own, join(env.PGSYSCONFDIR, 'pg_service.conf')] : [own]
  for (const file of files) {
    const found = serviceIn(textOf(file), service)
    if (found) return found
  }
  throw new MigratorError(
    'DATABASE_URL_INVALID',
    `PGSERVICE names "${service}", which is not defined in ${files.join(' or ')}.`,
    {
      hint: `Define it there as [${service}] with host, port and dbname; or unset PGSERVICE.`,
    },
  )
}

/** An absent file defines nothing. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
