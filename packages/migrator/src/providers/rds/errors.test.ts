import { describe, expect, test } from 'vitest'
import { MigratorError } from '../../errors.ts'
import { awsFailure, deniedPermission } from './errors.ts'
import { awsErrorName, failureKind, isAwsError, isTransient } from './failure-kind.ts'

const call = { action: 'CreateDBSnapshot', subject: 'DB instance "summit-prod"', region: 'eu-west-1' }

/** As the client throws: a name, sometimes a system's code, and the metadata of the answer. */
function thrown(name: string, message = 'because', more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more })
}
const answered = (status: number) => ({ $metadata: { httpStatusCode: status, requestId: 'r-1' } })

function check(error: Error, code: string, ...words: readonly string[]): void {
  const failure = awsFailure(error, call)
  expect(failure).toMatchObject({ code, cause: error })
  for (const word of words) expect(`${failure.message} ${failure.hint}`).toContain(word)
  expect(failure.message).toMatch(/[.!?]$/)
}

describe('each error of AWS has its own message and next step', () => {
  const denial =
    'User: arn:aws:iam::123456789012:user/operator is not authorized to perform: rds:AddTagsToResource on resource: arn:aws:rds:eu-west-1:123456789012:snapshot:x because no identity-based policy allows the rds:AddTagsToResource action'

  test('a missing permission is named, as AWS names it', () => {
    check(
      thrown('AccessDenied', denial, answered(403)),
      'AWS_ACCESS_DENIED',
      'rds:AddTagsToResource',
      'user/operator',
      'iam-policy.md',
    )
    expect(awsFailure(thrown('AccessDenied', denial), call).details).toMatchObject({
      permission: 'rds:AddTagsToResource',
    })
  })

  test('where AWS does not name it, it is that of the action', () => {
    check(thrown('AccessDeniedException', 'no'), 'AWS_ACCESS_DENIED', 'rds:CreateDBSnapshot')
  })

  test('quota, state and what is not there', () => {
    check(
      thrown('SnapshotQuotaExceededFault', 'Cannot create more than 100 snapshots'),
      'AWS_QUOTA_EXCEEDED',
      '100',
      'prune',
    )
    check(
      thrown('InvalidDBInstanceStateFault', 'Instance summit-prod is modifying'),
      'AWS_SOURCE_UNAVAILABLE',
      'modifying',
    )
    check(thrown('InvalidDBClusterStateFault'), 'AWS_SOURCE_UNAVAILABLE')
    check(thrown('DBInstanceNotFoundFault'), 'AWS_SOURCE_UNKNOWN', 'summit-prod', 'eu-west-1', '--db-instance')
    check(thrown('DBSnapshotNotFoundFault'), 'BACKUP_NOT_FOUND')
    check(thrown('DBInstanceAlreadyExistsFault'), 'RESTORE_TARGET_EXISTS')
    check(thrown('KMSKeyNotAccessibleFault'), 'AWS_ACCESS_DENIED', 'kms:')
  })

  test('credentials that have expired, are unknown, or are not there at all', () => {
    check(thrown('ExpiredToken'), 'AWS_CREDENTIALS_INVALID', 'expired', 'aws sso login')
    check(thrown('InvalidClientTokenId', 'The security token is invalid'), 'AWS_CREDENTIALS_INVALID', 'not accept')
    check(
      thrown('CredentialsProviderError', 'Could not load credentials from any providers'),
      'AWS_CREDENTIALS_INVALID',
      'AWS_PROFILE',
    )
    check(thrown('RequestTimeTooSkewed'), 'AWS_CREDENTIALS_INVALID', 'clock')
  })

  test('throttling, the network, and errors of AWS itself', () => {
    check(thrown('Throttling', 'Rate exceeded', answered(400)), 'AWS_FAILED', 'throttled')
    check(thrown('Error', 'getaddrinfo ENOTFOUND rds', { code: 'ENOTFOUND' }), 'AWS_UNREACHABLE', 'unknown')
    check(thrown('Error', 'connect', { code: 'ECONNREFUSED' }), 'AWS_UNREACHABLE', 'nothing listens')
    check(thrown('TimeoutError', 'slow', { code: 'ETIMEDOUT' }), 'AWS_UNREACHABLE', 'in time')
    check(thrown('Error', 'aborted', { code: 'ECONNRESET', ...answered(200) }), 'AWS_UNREACHABLE', 'cut')
    check(thrown('Error', 'x', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'AWS_UNREACHABLE', 'certificate')
    check(thrown('Error', 'XML parse error', answered(500)), 'AWS_FAILED', 'HTTP 500')
    check(thrown('InvalidAction', 'x', answered(400)), 'AWS_FAILED', 'does not implement CreateDBSnapshot')
  })

  test('what is not known keeps the words of AWS', () => {
    check(
      thrown('InvalidParameterCombination', 'Iops and gp2'),
      'AWS_FAILED',
      'InvalidParameterCombination',
      'Iops and gp2',
    )
  })
})

test('no message is matched but for the permission: other words decide nothing', () => {
  expect(awsFailure(thrown('Whatever', 'AccessDenied ExpiredToken Throttling'), call).code).toBe('AWS_FAILED')
  expect(deniedPermission('not authorized to perform: kms:CreateGrant on')).toBe('kms:CreateGrant')
  expect(deniedPermission('You are not authorized.')).toBeUndefined()
})

test('a MigratorError stays as it is', () => {
  const ours = new MigratorError('BACKUP_TIMEOUT', 'late')
  expect(awsFailure(ours, call)).toBe(ours)
})

test('no secret of an answer gets into the message', () => {
  const failure = awsFailure(thrown('ValidationError', 'bad MasterUserPassword=hunter2 given'), call)
  expect(failure.message).not.toContain('hunter2')
})

test('the name on the wire and the name of the class are the same error', () => {
  expect(awsErrorName(thrown('DBSnapshotAlreadyExistsFault'))).toBe('DBSnapshotAlreadyExists')
  expect(isAwsError(thrown('DBSnapshotAlreadyExists'), 'DBSnapshotAlreadyExists')).toBe(true)
  expect(isAwsError(awsFailure(thrown('DBClusterNotFoundFault'), call), 'DBClusterNotFound')).toBe(true)
})

test('says what may be tried again, and whether it may have taken effect', () => {
  expect(failureKind(thrown('Throttling', 'x', answered(400)))).toBe('throttled')
  expect(failureKind(thrown('ThrottlingException'))).toBe('throttled')
  expect(failureKind(thrown('Error', 'x', answered(500)))).toBe('cut')
  expect(failureKind(thrown('Unknown', 'x', answered(502)))).toBe('cut')
  expect(failureKind(thrown('Error', 'unparsable', answered(200)))).toBe('cut')
  expect(failureKind(thrown('Error', 'x', { code: 'ECONNRESET' }))).toBe('cut')
  expect(failureKind(thrown('Error', 'x', { code: 'ECONNREFUSED' }))).toBe('unreached')
  expect(failureKind(new AggregateError([thrown('Error', 'x', { code: 'ECONNREFUSED' })], ''))).toBe('unreached')
  expect(failureKind(thrown('Error', 'x', answered(501)))).toBe('unimplemented')
  expect(failureKind(thrown('AccessDenied', 'x', answered(403)))).toBe('refused')
  expect(isTransient(thrown('ExpiredToken', 'x', answered(403)))).toBe(false)
})
