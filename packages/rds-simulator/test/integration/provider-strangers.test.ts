import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import type { Simulator } from '../../src/index.ts'
import { providerAt, refused, scopeOf, watched, withCredentials } from '../support/provider.ts'

// Other implementations of the API leave out what AWS always gives, and know fewer actions.
withCredentials()

type Answer = { readonly xml: string; readonly status?: number } | 'hang up'
type Answers = Readonly<Record<string, Answer | ((call: number, params: URLSearchParams) => Answer)>>

const unimplemented: Answer = {
  status: 400,
  xml: '<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>no</Message></Error></ErrorResponse>',
}
const answer = (action: string, inner: string): Answer => ({
  xml: `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`,
})
const failure = (code: string, status = 404): Answer => ({
  status,
  xml: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error></ErrorResponse>`,
})

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Stranger {
  readonly at: Pick<Simulator, 'url' | 'region'>
  readonly calls: string[]
  readonly regions: string[]
}

/** An API that knows these actions and answers all others as one that it does not implement. */
async function stranger(answers: Answers): Promise<Stranger> {
  const calls: string[] = []
  const regions: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const params = new URLSearchParams(body)
    const action = params.get('Action') ?? ''
    regions.push(/Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '')
    calls.push(action)
    const known = answers[action] ?? unimplemented
    const reply = typeof known === 'function' ? known(calls.filter((call) => call === action).length, params) : known
    if (reply === 'hang up') return request.socket.destroy()
    response.writeHead(reply.status ?? 200, { 'content-type': 'text/xml' })
    response.end(reply.xml)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { at: { url: `http://127.0.0.1:${port}`, region: 'eu-west-1' }, calls, regions }
}

const providerOf = ({ at }: Stranger, more = {}) => providerAt(at as Simulator, { instance: 'plain', ...more })

const instance = answer(
  'DescribeDBInstances',
  '<DBInstances><DBInstance><DBInstanceIdentifier>plain</DBInstanceIdentifier></DBInstance></DBInstances>',
)
const snapshot = (action: string, id: string, status: string) => {
  const one = `<DBSnapshotIdentifier>${id}</DBSnapshotIdentifier><DBInstanceIdentifier>plain</DBInstanceIdentifier><DBSnapshotArn>arn:${id}</DBSnapshotArn><Status>${status}</Status>`
  const inner = action.startsWith('Create')
    ? `<DBSnapshot>${one}</DBSnapshot>`
    : `<DBSnapshots><DBSnapshot>${one}</DBSnapshot></DBSnapshots>`
  return answer(action, inner)
}
const named = (params: URLSearchParams) => params.get('DBSnapshotIdentifier') ?? ''

const plain: Answers = {
  DescribeDBInstances: instance,
  CreateDBSnapshot: (_, params) => snapshot('CreateDBSnapshot', named(params), 'creating'),
  DescribeDBSnapshots: (call, params) =>
    call < 3
      ? failure('DBSnapshotNotFound')
      : snapshot('DescribeDBSnapshots', named(params), call < 5 ? 'creating' : 'available'),
}

test('needs neither status, endpoint, percent, tags nor quota, and minds a snapshot that shows late', async () => {
  const api = await stranger(plain)
  const { watch, messages } = watched()
  const handle = await providerOf(api).before(scopeOf(), watch)
  expect(handle).toMatchObject({ state: 'available', provider: 'rds' })
  expect(messages()).toMatch(/DescribeAccountAttributes[\s\S]*creating/)
  expect(messages()).toContain('not visible yet')
})

test('asks for the tags where answers carry none, of what is named like its own only', async () => {
  const list = ['pre-rollback-20260101-000000', 'somebody-else', 'manual-20260101-000000']
    .map(
      (id) =>
        `<DBSnapshot><DBSnapshotIdentifier>${id}</DBSnapshotIdentifier><DBSnapshotArn>arn:${id}</DBSnapshotArn><Status>available</Status></DBSnapshot>`,
    )
    .join('')
  const own = '<TagList><Tag><Key>migrator:tool</Key><Value>@repo/migrator</Value></Tag></TagList>'
  const api = await stranger({
    DescribeDBInstances: instance,
    DescribeDBSnapshots: answer('DescribeDBSnapshots', `<DBSnapshots>${list}</DBSnapshots>`),
    ListTagsForResource: (_, params) =>
      answer('ListTagsForResource', params.get('ResourceName')?.includes('manual') ? '<TagList/>' : own),
  })
  expect((await providerOf(api).list()).map(({ id }) => id)).toEqual(['pre-rollback-20260101-000000'])
  expect(api.calls.filter((call) => call === 'ListTagsForResource')).toHaveLength(2)
})

test('reads all pages', async () => {
  const tags = '<TagList><Tag><Key>migrator:tool</Key><Value>@repo/migrator</Value></Tag></TagList>'
  const page = (n: number, marker: string) =>
    answer(
      'DescribeDBSnapshots',
      `${marker}<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>s-${n}</DBSnapshotIdentifier><Status>available</Status>${tags}</DBSnapshot></DBSnapshots>`,
    )
  const api = await stranger({
    DescribeDBInstances: instance,
    DescribeDBSnapshots: (_, params) => {
      const n = Number(params.get('Marker') ?? 0)
      return page(n, n < 3 ? `<Marker>${n + 1}</Marker>` : '')
    },
  })
  expect((await providerOf(api).list()).map(({ id }) => id).sort()).toEqual(['s-0', 's-1', 's-2', 's-3'])
})

test('an empty list where AWS answers NotFound is not found as well', async () => {
  const api = await stranger({ ...plain, DescribeDBInstances: answer('DescribeDBInstances', '<DBInstances/>') })
  const refusal = await refused(providerOf(api).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_SOURCE_UNKNOWN', message: expect.stringContaining('"plain"') })
})

test("a page of somebody else's is not taken for a snapshot", async () => {
  const login: Answer = { xml: '<html><body><p>Please sign in</p></body></html>' }
  const api = await stranger({
    ...plain,
    CreateDBSnapshot: login,
    DescribeDBSnapshots: failure('DBSnapshotNotFound'),
  })
  const { watch, began } = watched()
  const refusal = await refused(providerOf(api, { wait: 'begun' }).before(scopeOf(), watch))
  expect(refusal.code).toBe('AWS_FAILED')
  expect(began).toEqual([])
})

test('a connection that is cut again and again ends, with what was tried', async () => {
  const api = await stranger({ ...plain, DescribeDBInstances: 'hang up' })
  const refusal = await refused(providerOf(api).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_UNREACHABLE', message: expect.stringContaining('cut') })
  expect(api.calls).toHaveLength(5)
})

test('a host that does not match the endpoint of what was named is refused', async () => {
  const other = 'other.abc.eu-west-1.rds.amazonaws.com'
  const api = await stranger({
    DescribeDBInstances: answer(
      'DescribeDBInstances',
      `<DBInstances><DBInstance><DBInstanceIdentifier>plain</DBInstanceIdentifier><Endpoint><Address>${other}</Address></Endpoint></DBInstance></DBInstances>`,
    ),
  })
  const host = 'plain.abc.eu-west-1.rds.amazonaws.com'
  const refusal = await refused(providerOf(api, { host }).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_SOURCE_UNKNOWN', message: expect.stringContaining(other) })
  const right = await refused(providerOf(api, { host: other }).before(scopeOf(), watched().watch))
  expect(right.message).toContain('does not implement CreateDBSnapshot')
})

test('an alias is asked about, not followed', async () => {
  const api = await stranger({ DescribeDBInstances: answer('DescribeDBInstances', '<DBInstances/>') })
  const resolveCname = () => Promise.resolve(['summit-prod.abc.eu-west-1.rds.amazonaws.com'])
  const asked = { instance: undefined, host: 'db.example.com', port: 5432, resolveCname }
  const refusal = await refused(providerOf(api, asked).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_SOURCE_UNKNOWN', hint: 'If it is, add --db-instance summit-prod.' })
})

test('AWS_ENDPOINT_URL_RDS and AWS_REGION are honoured where the options say nothing', async () => {
  const api = await stranger(plain)
  vi.stubEnv('AWS_ENDPOINT_URL_RDS', api.at.url)
  vi.stubEnv('AWS_REGION', 'ap-south-1')
  await providerOf(api, { endpoint: undefined, region: undefined, wait: 'begun' }).before(scopeOf(), watched().watch)
  expect(new Set(api.regions)).toEqual(new Set(['ap-south-1']))
})

test('an AWS_REGION that contradicts the host is refused before any call', async () => {
  const api = await stranger(plain)
  vi.stubEnv('AWS_REGION', 'ap-south-1')
  const host = 'plain.abc.eu-west-1.rds.amazonaws.com'
  const refusal = await refused(providerOf(api, { host, region: undefined }).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_REGION_MISMATCH', message: expect.stringContaining('AWS_REGION') })
  expect(api.calls).toEqual([])
})

test('without credentials it says how to get some', async () => {
  const api = await stranger(plain)
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
  const refusal = await refused(providerOf(api).before(scopeOf(), watched().watch))
  expect(refusal).toMatchObject({ code: 'AWS_CREDENTIALS_INVALID', hint: expect.stringContaining('AWS_PROFILE') })
  expect(api.calls).toEqual([])
})
