import { expect, test } from 'vitest'
import type { RdsError } from './error.ts'
import { readQuery } from './query.ts'

const header =
  'AWS4-HMAC-SHA256 Credential=AKID/20261120/eu-central-1/rds/aws4_request, SignedHeaders=host, Signature=0'

function refusalOf(body: string, authorization: string | undefined): string {
  try {
    readQuery(body, authorization)
  } catch (error) {
    return `${(error as RdsError).code}: ${(error as RdsError).message}`
  }
  return 'none'
}

test('action, parameters and the region of the credential scope are read', () => {
  const query = readQuery('Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=a%26b', header)
  expect(query.action).toBe('DescribeDBInstances')
  expect(query.region).toBe('eu-central-1')
  expect([...query.params]).toEqual([['DBInstanceIdentifier', 'a&b']])
})

test('a request without action, credentials or version is refused as the API refuses it', () => {
  expect(refusalOf('Version=2014-10-31', header)).toMatch(/^MissingAction/)
  expect(refusalOf('Action=A&Version=2014-10-31', undefined)).toMatch(/^MissingAuthenticationToken/)
  expect(refusalOf('Action=A&Version=2014-10-31', 'Bearer x')).toMatch(/^MissingAuthenticationToken/)
  expect(refusalOf('Action=A', header)).toBe(
    'InvalidAction: Could not find operation A for version NO_VERSION_SPECIFIED',
  )
})
