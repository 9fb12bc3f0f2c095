import {
  callback,
  having,
  milliseconds,
  type OptionKinds,
  oneOf,
  positive,
  someMilliseconds,
  text,
} from '../../core/options.ts'
import type { Clock } from '../../ports/clock.ts'

/** What the providers for RDS and Aurora need to know. Everything is given: nothing here reads the environment. */
export interface RdsProviderOptions {
  /** The provider's name, also on record. `auto` takes it by the host. What is backed up depends on the source. */
  readonly name: 'rds' | 'aurora' | 'auto'
  /** The host of DATABASE_URL. Instance or cluster and the region are read from it where it is an endpoint of RDS. */
  readonly host: string
  /** The port of DATABASE_URL: tells apart sources that share a host, as those of a simulator do. */
  readonly port?: number | undefined
  /** The database's name, for what is printed after a restore. */
  readonly database?: string | undefined
  /** The DB instance, where the host does not tell. The host is still checked against it where it can be. */
  readonly instance?: string | undefined
  /** The DB cluster, where the host does not tell. */
  readonly cluster?: string | undefined
  /** Only needed where the host does not tell. One that contradicts the host is refused with AWS_REGION_MISMATCH. */
  readonly region?: string | undefined
  /** URL of the API. Default: AWS_ENDPOINT_URL_RDS or the profile's, which the SDK reads itself; else AWS's own. */
  readonly endpoint?: string | undefined
  /**
   * The longest pause between two looks at a backup's or restore's status. Default 10 s; looks begin at a tenth of it.
   * A shorter one finishes sooner and may be throttled where many look at once.
   */
  readonly pollIntervalMs?: number | undefined
  /** How long to wait for a backup or a restore. Default 60 min: a first snapshot of a large volume takes that long. */
  readonly timeoutMs?: number | undefined
  /**
   * `begun`: `before` returns as soon as AWS has accepted the snapshot. AWS alone then says of which moment it is, and it
   * may still fail. Default `available`.
   */
  readonly wait?: 'available' | 'begun' | undefined
  /** The pause before a failed call is repeated; it doubles each time. Default 200 ms. */
  readonly retryPauseMs?: number | undefined
  readonly toolVersion: string
  readonly clock: Clock
  /** Names that a host is an alias of. Default: the system's DNS. */
  readonly resolveCname?: ((host: string) => Promise<readonly string[]>) | undefined
}

export const DEFAULT_POLL_INTERVAL_MS = 10_000
export const DEFAULT_TIMEOUT_MS = 60 * 60_000
export const DEFAULT_RETRY_PAUSE_MS = 200

export const RDS_OPTIONS: OptionKinds<RdsProviderOptions> = {
  name: oneOf('rds', 'aurora', 'auto'),
  host: text,
  port: positive,
  database: text,
  instance: text,
  cluster: text,
  region: text,
  endpoint: text,
  pollIntervalMs: someMilliseconds,
  timeoutMs: milliseconds,
  wait: oneOf('available', 'begun'),
  retryPauseMs: milliseconds,
  toolVersion: text,
  clock: having('now', 'sleep'),
  resolveCname: callback,
}
