import { expect, test } from 'vitest'
import { createRequests } from './requests.ts'

test('a password is not kept, and a refusal is noted', () => {
  const requests = createRequests(() => 0)
  const params = new Map([
    ['DBInstanceIdentifier', 'one'],
    ['MasterUserPassword', 'hunter2'],
    ['X-Amz-Signature', 'abc'],
  ])
  requests.record({ action: 'CreateDBInstance', region: 'us-east-1', params }).ended('DBInstanceAlreadyExists')
  expect(requests.list()).toEqual([
    {
      at: '1970-01-01T00:00:00.000Z',
      action: 'CreateDBInstance',
      region: 'us-east-1',
      params: { DBInstanceIdentifier: 'one', MasterUserPassword: '…', 'X-Amz-Signature': '…' },
      error: 'DBInstanceAlreadyExists',
    },
  ])
})
