import type { LocatedConfig } from './config.ts'
import type { Environment } from './env.ts'
import type { CommonFlags } from './options.ts'

/** The database that commands would migrate, where one is named, and what names it. */
export function namedDatabase(
  flags: Pick<CommonFlags, 'databaseUrl'>,
  { env, config }: { readonly env: Environment; readonly config: LocatedConfig },
): { readonly connectionString: string; readonly connectionName: string } | undefined {
  const given = [
    { connectionName: '--database-url', connectionString: flags.databaseUrl },
    { connectionName: 'DATABASE_URL', connectionString: env.databaseUrl },
    { connectionName: 'databaseUrl', connectionString: config.config.databaseUrl },
  ]
  return given.flatMap(({ connectionName, connectionString }) =>
    connectionString === undefined ? [] : [{ connectionName, connectionString }],
  )[0]
}
