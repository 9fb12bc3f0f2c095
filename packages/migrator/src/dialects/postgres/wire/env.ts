import { homedir } from 'node:os'
import { join } from 'node:path'

/** What libpq takes from the environment for a connection string that has no password. */
export interface PasswordEnvironment {
  readonly password: string | undefined
  readonly passFile: string
}

export function passwordEnvironment(env: NodeJS.ProcessEnv = process.env): PasswordEnvironment {
  return { password: env.PGPASSWORD || undefined, passFile: env.PGPASSFILE || usualPassFile(env) }
}

function usualPassFile(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return join(env.APPDATA ?? homedir(), 'postgresql', 'pgpass.conf')
  return join(homedir(), '.pgpass')
}
