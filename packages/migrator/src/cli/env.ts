/** The only place of this package that reads the environment. */
import { type DotEnv, loadDotEnv } from '../dot-env.ts'
import { type PackageManager, packageManagerIn } from '../report/package-manager.ts'

export interface Environment {
  readonly databaseUrl: NamedDatabase | undefined
  /** What errors call a connection string that these variables made. */
  nameOf(names: readonly string[]): string
  readonly production: boolean
  /** Where the user stood when a package manager changed the directory. */
  readonly invokedFrom: string | undefined
  /** The package manager that started this program. */
  readonly packageManager: PackageManager | undefined
  readonly user: string | undefined
  readonly ciRun: string | undefined
  /** What programs that are started inherit. */
  readonly inherited: Readonly<Record<string, string | undefined>>
  /** Whether a terminal, where there is one, understands more than lines one after the other. */
  readonly movesCursor: boolean
  readonly colours: 'colours' | 'plain' | 'by-stream'
}

/** A connection string, and what errors call it: `DATABASE_URL in /repo/.env`. */
export interface NamedDatabase {
  readonly connectionString: string
  readonly connectionName: string
}

/** The environment, completed by the nearest `.env` above a folder. Throws CONFIG_INVALID. */
export function loadEnvironment(folder: string, env: NodeJS.ProcessEnv = process.env): Environment {
  const dotEnv = loadDotEnv(folder, env)
  return readEnvironment(env, dotEnv)
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env, dotEnv?: DotEnv): Environment {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return {
    databaseUrl: env.DATABASE_URL
      ? { connectionString: env.DATABASE_URL, connectionName: nameOf(['DATABASE_URL'], dotEnv) }
      : undefined,
    nameOf: (names) => nameOf(names, dotEnv),
    production: env.NODE_ENV === 'production',
    invokedFrom: env.INIT_CWD,
    packageManager: packageManagerIn(env.npm_config_user_agent),
    user: env.GITHUB_ACTOR ?? env.GITLAB_USER_LOGIN ?? env.USER ?? env.LOGNAME,
    ciRun: env.GITHUB_RUN_ID ?? env.CI_JOB_URL ?? env.BUILD_URL ?? env.CIRCLE_BUILD_URL,
    inherited: env,
    movesCursor: env.TERM !== 'dumb',
    colours: env.NO_COLOR ? 'plain' : forced ? 'colours' : env.TERM === 'dumb' ? 'plain' : 'by-stream',
  }
}

/** `PGHOST, PGUSER`, and the file where one of them came from it. */
function nameOf(names: readonly string[], dotEnv: DotEnv | undefined): string {
  const isOfFile = names.some((name) => dotEnv?.names.has(name))
  return isOfFile ? `${names.join(', ')} in ${dotEnv?.path}` : names.join(', ')
}
