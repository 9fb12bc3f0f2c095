import { expect, test } from 'vitest'
import { unknownSource } from './cname.ts'

const RDS = 'summit-prod.abc.eu-west-1.rds.amazonaws.com'

const dns = (names: Readonly<Record<string, string>>) => (host: string) => {
  const found = names[host]
  return found === undefined ? Promise.reject(new Error('ENODATA')) : Promise.resolve([found])
}

test('names what an alias leads to, and asks whether that is it', async () => {
  const error = await unknownSource('db.example.com', dns({ 'db.example.com': RDS }))
  expect(error).toMatchObject({
    code: 'AWS_SOURCE_UNKNOWN',
    message: `The host "db.example.com" resolves to ${RDS}. Is this the one?`,
    hint: 'If it is, add --db-instance summit-prod.',
    details: { region: 'eu-west-1' },
  })
})

test('follows aliases of aliases, and a cluster is asked for as a cluster', async () => {
  const names = { a: 'b.example.com', 'b.example.com': 'aurora.cluster-abc.eu-west-1.rds.amazonaws.com' }
  expect((await unknownSource('a', dns(names))).hint).toBe('If it is, add --db-cluster aurora.')
})

test('a proxy behind an alias is no name that could be given', async () => {
  const error = await unknownSource('a', dns({ a: 'front.proxy-abc.eu-west-1.rds.amazonaws.com' }))
  expect(error.hint).not.toContain('front')
})

test('says so where nothing is known, and does not go round in circles', async () => {
  for (const names of [{}, { a: 'b', b: 'a' }, { a: 'example.org' }]) {
    const error = await unknownSource('a', dns(names))
    expect(error).toMatchObject({ code: 'AWS_SOURCE_UNKNOWN', hint: expect.stringContaining('--db-instance ID') })
  }
})
