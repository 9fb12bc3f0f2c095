/**
 * What the API refuses with: wire code → HTTP status. The wire codes mostly lack the "Fault" of the SDK's class names.
 * Sources: the awsQueryError traits in @aws-sdk/client-rds, and the API reference's page "Common errors".
 */
export const errorTable = {
  AccessDenied: 403,
  BlueGreenDeploymentNotFoundFault: 404,
  DBClusterAlreadyExistsFault: 400,
  DBClusterNotFoundFault: 404,
  DBClusterQuotaExceededFault: 403,
  DBClusterSnapshotAlreadyExistsFault: 400,
  DBClusterSnapshotNotFoundFault: 404,
  DBInstanceAlreadyExists: 400,
  DBInstanceNotFound: 404,
  DBProxyNotFoundFault: 404,
  DBProxyTargetGroupNotFoundFault: 404,
  DBSnapshotAlreadyExists: 400,
  DBSnapshotNotFound: 404,
  ExpiredToken: 403,
  InstanceQuotaExceeded: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidDBClusterSnapshotStateFault: 400,
  InvalidDBClusterStateFault: 400,
  InvalidDBInstanceState: 400,
  InvalidDBSnapshotState: 400,
  InvalidParameterCombination: 400,
  InvalidParameterValue: 400,
  MissingAction: 400,
  MissingAuthenticationToken: 403,
  MissingParameter: 400,
  SnapshotQuotaExceeded: 400,
  Throttling: 400,
} as const satisfies Record<string, number>

export type ErrorCode = keyof typeof errorTable

/** A refusal, in Amazon's words where they are known. */
export class RdsError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RdsError'
    this.code = code
  }
}
