import postgres from 'postgres'

/** The simulator's own superuser, as RDS has its rdsadmin: the master user's password may change. */
export interface Administrator {
  readonly name: string
  readonly password: string
}

/** One connection for as long as `work` lasts. */
export async function connect<T>(
  port: number,
  { name, password }: Administrator,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres({ ...options, port, username: name, password })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const options = { host: '127.0.0.1', database: 'postgres', max: 1, onnotice: () => {} }

/** Makes sure that the administrator can log in, as the master user where he cannot yet; returns the server's version. */
export async function createAdministrator(
  masterUrl: string,
  administrator: Administrator,
  port: number,
): Promise<string> {
  const version = (sql: postgres.Sql) => sql`SHOW server_version`.then(([row]) => String(row?.server_version))
  try {
    return await connect(port, administrator, version)
  } catch (error) {
    if (!(error instanceof postgres.PostgresError && error.code === '28P01')) throw error // invalid_password, or no such role
  }
  const sql = postgres(masterUrl, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(`CREATE ROLE ${administrator.name} LOGIN SUPERUSER PASSWORD '${administrator.password}'`)
    return await version(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
