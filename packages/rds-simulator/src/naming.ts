import { randomBytes } from 'node:crypto'

export const accountId = '123456789012'

// The part of a host that says whose it is: one for an account and region.
const hostHash = 'c7rdssimul8r'

export type ArnKind =
  | 'db'
  | 'snapshot'
  | 'cluster'
  | 'cluster-snapshot'
  | 'cluster-endpoint'
  | 'db-proxy'
  | 'target-group'
  | 'deployment'

export const arnOf = (region: string, kind: ArnKind, id: string): string =>
  `arn:aws:rds:${region}:${accountId}:${kind}:${id}`

/** Identifiers that Amazon makes up: `db-ABCDEFGHIJKLMNOPQRSTUVWXYZ`. */
export function randomId(prefix: string, length = 26): string {
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const word = [...randomBytes(length)].map((byte) => signs[byte % signs.length]).join('')
  return `${prefix}-${word}`
}

/**
 * `loopback`: addresses that a client can connect to. `amazon`: hosts as Amazon forms them, which no name server knows,
 * for whoever must recognise an instance by its host.
 */
export type Addresses = 'loopback' | 'amazon'

export type HostKind = 'instance' | 'writer' | 'reader' | 'custom' | 'proxy'

const labels: Readonly<Record<HostKind, string>> = {
  instance: '',
  writer: 'cluster-',
  reader: 'cluster-ro-',
  custom: 'cluster-custom-',
  proxy: 'proxy-',
}

/** On loopback the reader is `localhost`, so that it can be distinguished from the writer, though both lead to the one server. */
export function hostOf(addresses: Addresses, region: string, kind: HostKind, id: string): string {
  if (addresses === 'amazon') return `${id}.${labels[kind]}${hostHash}.${region}.rds.amazonaws.com`
  return kind === 'reader' ? 'localhost' : '127.0.0.1'
}
