import { redactText } from '../../core/redact.ts'
import { type ErrorCode, type ErrorInit, MigratorError } from '../../errors.ts'
import { awsErrorName, CUT, failureKind, httpStatus, isAwsError, metadataOf, systemCode } from './failure-kind.ts'

/** A call to AWS, as an error names it. */
export interface AwsCall {
  /** As the API and IAM call it: `CreateDBSnapshot`. */
  readonly action: string
  /** What it was about: `DB instance "summit-prod"`. */
  readonly subject: string
  readonly region: string
}

/** Any failure of a call as one MigratorError that says what stands in the way, and the next step. */
export function awsFailure(error: unknown, call: AwsCall): MigratorError {
  if (error instanceof MigratorError) return error
  const known = FAILURES[awsErrorName(error) ?? ''] ?? unknownFailure(error)
  const [code, text, hint] = known(call, messageOf(error))
  const init: ErrorInit = { cause: error, details: detailsOf(error, call) }
  return new MigratorError(code, text, hint === undefined ? init : { ...init, hint })
}

type Said = readonly [ErrorCode, string, string?]
type Saying = (call: AwsCall, message: string) => Said

const denied: Saying = (call, message) => {
  const permission = deniedPermission(message) ?? `rds:${call.action}`
  const who = /\b(arn:[\w-]+:(?:sts|iam)::\S+)\s+is not authorized/.exec(message)?.[1]
  const whom = who ? ` to ${who}` : ''
  return [
    'AWS_ACCESS_DENIED',
    `AWS refused ${call.action} for ${call.subject}: the permission ${permission} is not granted${whom}.`,
  ]
}

/** AWS says which permission it missed, which may be another than the action's own: tags need rds:AddTagsToResource. */
export function deniedPermission(message: string): string | undefined {
  return /not authorized to perform:?\s+([a-z0-9-]+:[A-Za-z0-9]+)/.exec(message)?.[1]
}

const expired: Saying = ({ action }) => ['AWS_CREDENTIALS_INVALID', `The AWS credentials have expired (${action}).`]
const invalid: Saying = ({ action }, message) => [
  'AWS_CREDENTIALS_INVALID',
  `AWS does not accept the credentials (${action}): ${sentence(message)}`,
]
const noCredentials: Saying = (_, message) => [
  'AWS_CREDENTIALS_INVALID',
  `No usable AWS credentials: ${sentence(message)}`,
  'Sign in (aws sso login), set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached.',
]
const skewed: Saying = () => [
  'AWS_CREDENTIALS_INVALID',
  'AWS rejected the time of the request.',
  "Correct this machine's clock, then run the command again.",
]
const quota: Saying = ({ subject, region }, message) => [
  'AWS_QUOTA_EXCEEDED',
  `A quota of the AWS account in ${region} is exhausted (${subject}): ${sentence(message)}`,
]
const wrongState: Saying = ({ action, subject }, message) => [
  'AWS_SOURCE_UNAVAILABLE',
  `AWS refused ${action} because of the state of ${subject}: ${sentence(message)}`,
]
const notFound: Saying = ({ subject, region }) => [
  'AWS_SOURCE_UNKNOWN',
  `No ${subject} is visible to these credentials in region ${region}.`,
  'Check name, region and AWS account; --db-instance ID or --db-cluster ID names another.',
]
const noBackup: Saying = ({ subject, region }) => ['BACKUP_NOT_FOUND', `There is no ${subject} in region ${region}.`]
const targetExists: Saying = ({ subject }) => ['RESTORE_TARGET_EXISTS', `There is already a ${subject}.`]
const noKey: Saying = ({ action, subject }, message) => [
  'AWS_ACCESS_DENIED',
  `AWS can't use the encryption key of ${subject} (${action}): ${sentence(message)}`,
  'Grant kms:CreateGrant, kms:DescribeKey and kms:Decrypt on that key; docs/reference/iam-policy.md says why.',
]
const throttled: Saying = ({ action }) => [
  'AWS_FAILED',
  `AWS throttled ${action}, even after several retries.`,
  'Wait a minute, then run the command again; something else in this account is making many calls.',
]
const unimplemented: Saying = ({ action }) => [
  'AWS_FAILED',
  `The endpoint does not implement ${action}.`,
  'Check AWS_ENDPOINT_URL_RDS: this is not the RDS API, or not all of it.',
]

/** Names as `awsErrorName` gives them, without "Fault" and "Exception". */
const FAILURES: Readonly<Record<string, Saying>> = {
  ...all(denied, 'AccessDenied', 'UnauthorizedOperation', 'NotAuthorized', 'AuthorizationError', 'OptInRequired'),
  ...all(expired, 'ExpiredToken', 'RequestExpired', 'TokenRefreshRequired'),
  ...all(
    invalid,
    'InvalidClientTokenId',
    'UnrecognizedClient',
    'InvalidAccessKeyId',
    'SignatureDoesNotMatch',
    'AuthFailure',
  ),
  ...all(invalid, 'IncompleteSignature', 'InvalidSignature', 'MissingAuthenticationToken'),
  ...all(noCredentials, 'CredentialsProviderError', 'TokenProviderError', 'ProviderError'),
  ...all(skewed, 'RequestTimeTooSkewed'),
  ...all(
    quota,
    'SnapshotQuotaExceeded',
    'DBClusterSnapshotQuotaExceeded',
    'InstanceQuotaExceeded',
    'DBClusterQuotaExceeded',
  ),
  ...all(quota, 'StorageQuotaExceeded', 'QuotaExceeded'),
  ...all(
    wrongState,
    'InvalidDBInstanceState',
    'InvalidDBClusterState',
    'InvalidDBSnapshotState',
    'InvalidDBClusterSnapshotState',
  ),
  ...all(wrongState, 'DBInstanceNotReady'),
  ...all(notFound, 'DBInstanceNotFound', 'DBClusterNotFound', 'DBClusterEndpointNotFound', 'DBProxyNotFound'),
  ...all(notFound, 'DBProxyEndpointNotFound', 'DBProxyTargetNotFound', 'DBProxyTargetGroupNotFound'),
  ...all(noBackup, 'DBSnapshotNotFound', 'DBClusterSnapshotNotFound'),
  ...all(targetExists, 'DBInstanceAlreadyExists', 'DBClusterAlreadyExists'),
  ...all(noKey, 'KMSKeyNotAccessible'),
}

function all(saying: Saying, ...names: readonly string[]): Readonly<Record<string, Saying>> {
  return Object.fromEntries(names.map((name) => [name, saying]))
}

function unknownFailure(error: unknown): Saying {
  const kind = failureKind(error)
  const status = httpStatus(error)
  const code = systemCode(error)
  if (kind === 'throttled') return throttled
  if (kind === 'unimplemented') return unimplemented
  if (kind === 'unreached' || TLS.test(code) || code === 'ERR_INVALID_URL') return unreachable(code)
  if (kind === 'cut' && (status === undefined || CUT.has(code))) return unreachable(code)
  if (kind === 'cut')
    return (call) => ['AWS_FAILED', `AWS failed internally on ${call.action} (HTTP ${status}, no response from RDS).`]
  const name = error instanceof Error ? error.name : 'Error'
  return ({ action, subject }, message) => [
    'AWS_FAILED',
    `AWS refused ${action} for ${subject}: ${name}: ${sentence(message)}`,
  ]
}

const TLS = /^(?:CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/

const PLAIN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name of the API is unknown',
  EAI_AGAIN: 'the host name of the API cannot be resolved at the moment',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network',
  ENETDOWN: 'there is no network',
  ECONNRESET: 'the connection was cut before the answer was complete',
  ECONNABORTED: 'the connection was cut before the answer was complete',
  EPIPE: 'the connection was cut before the answer was complete',
  ETIMEDOUT: 'no answer in time',
  ERR_INVALID_URL: 'its URL cannot be read',
}

function unreachable(code: string): Saying {
  return ({ action, region }, message) => [
    'AWS_UNREACHABLE',
    `The RDS API in ${region} cannot be reached (${action}): ${PLAIN[code] ?? (TLS.test(code) ? `its certificate is not accepted (${code})` : sentence(message).replace(/\.$/, ''))}.`,
  ]
}

function detailsOf(error: unknown, { action, region }: AwsCall): Readonly<Record<string, unknown>> {
  const metadata = metadataOf(error)
  return {
    awsError: error instanceof Error && error.name !== 'Error' ? error.name : undefined,
    action,
    region,
    httpStatus: metadata?.httpStatusCode,
    requestId: metadata?.requestId,
    permission: isAwsError(error, 'AccessDenied') ? (deniedPermission(messageOf(error)) ?? `rds:${action}`) : undefined,
  }
}

function messageOf(error: unknown): string {
  return redactText(error instanceof Error ? error.message : String(error)).trim()
}

function sentence(message: string): string {
  const [line = ''] = message.split('\n')
  return /[.!?]$/.test(line) ? line : `${line || 'no reason was given'}.`
}
