import type { DatabaseLocation } from '../../../../ports/location.ts'
import type { Target, Tls } from '../../connection/connection.ts'
import { readConnection } from '../../connection/read.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment of pg_dump and pg_restore: where to connect, as whom and how safely. `location` is the one of the
 * servers that the run works on. The password goes this way because arguments can be read by everybody on the machine.
 * https://www.postgresql.org/docs/current/libpq-envars.html
 */
export function childEnvironment(
  connectionString: string,
  { host, port }: Pick<DatabaseLocation, 'host' | 'port'>,
  inherited: Environment,
): Environment {
  const { targets, user, password, passFile, startup, onlyLibpq, connectTimeoutMs, tls } =
    readConnection(connectionString)
  const target = targets.find((each) => each.address === host && each.port === port) ?? { host, address: host, port }
  const kept = Object.fromEntries(
    Object.entries(inherited).filter(([name]) => !name.startsWith('PG') || KEPT.test(name)),
  )
  return {
    ...kept,
    ...onlyLibpq,
    ...tlsOf(tls, kept),
    ...placeOf(target),
    ...(user === '' ? {} : { PGUSER: user }),
    ...(password === '' ? {} : { PGPASSWORD: password }),
    ...(passFile === '' ? {} : { PGPASSFILE: passFile }),
    ...(startup.options === undefined ? {} : { PGOPTIONS: startup.options }),
    PGAPPNAME: 'migrator pg-dump',
    PGCONNECT_TIMEOUT: String(Math.ceil((connectTimeoutMs ?? 10_000) / 1000)),
    // Messages are shown as they come; in one language they can be looked up.
    LC_ALL: 'C',
  }
}

/** Of the caller's own: TLS, and ways to know the password. Not where to connect. */
const KEPT = /^PG(?:SSL\w*|PASSWORD|PASSFILE|REQUIREPEER|KRBSRVNAME|GSS\w*|CHANNELBINDING|REQUIREAUTH)$/

function placeOf({ host, address, port }: Target): Environment {
  return { PGHOST: host, PGPORT: String(port), ...(host === address ? {} : { PGHOSTADDR: address }) }
}

/** The environment's own mode counts where the connection string leaves it open. */
function tlsOf(tls: Tls, kept: Environment): Environment {
  // Without a root certificate the driver verifies by the authorities that Node trusts; this is libpq's word for them.
  const root = tls.rootCertificate ?? (tls.mode === 'verify-full' && !kept.PGSSLROOTCERT ? 'system' : undefined)
  const wishes: Environment = {
    PGSSLMODE: tls.mode === 'prefer' ? undefined : tls.mode,
    PGSSLNEGOTIATION: tls.negotiation === 'direct' ? 'direct' : undefined,
    PGSSLROOTCERT: root,
    PGSSLCRL: tls.revocationList,
    PGSSLCERT: tls.certificate,
    PGSSLKEY: tls.key,
    PGSSLSNI: tls.serverName === 'withheld' ? '0' : undefined,
    PGSSLMINPROTOCOLVERSION: tls.minVersion,
    PGSSLMAXPROTOCOLVERSION: tls.maxVersion,
  }
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined))
}

/** A database's name as the value of --dbname, where a bare one could be taken for a whole connection string. */
export function databaseArgument(database: string): string {
  return `--dbname=dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
