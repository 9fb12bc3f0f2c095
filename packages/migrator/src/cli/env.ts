/** The only place of this package that reads the environment. */
export interface Environment {
  readonly databaseUrl: string | undefined
  readonly production: boolean
  /** Where the user stood when a package manager changed the directory. */
  readonly invokedFrom: string | undefined
  readonly user: string | undefined
  readonly ciRun: string | undefined
  /** What programs that are started inherit. */
  readonly inherited: Readonly<Record<string, string | undefined>>
  readonly colours: 'colours' | 'plain' | 'by-stream'
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return {
    databaseUrl: env.DATABASE_URL === undefined || env.DATABASE_URL === '' ? undefined : env.DATABASE_URL,
    production: env.NODE_ENV === 'production',
    invokedFrom: env.INIT_CWD,
    user: env.GITHUB_ACTOR ?? env.GITLAB_USER_LOGIN ?? env.USER ?? env.LOGNAME,
    ciRun: env.GITHUB_RUN_ID ?? env.CI_JOB_URL ?? env.BUILD_URL ?? env.CIRCLE_BUILD_URL,
    inherited: env,
    colours: env.NO_COLOR ? 'plain' : forced ? 'colours' : env.TERM === 'dumb' ? 'plain' : 'by-stream',
  }
}
