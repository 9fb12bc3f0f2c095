import { expect, test } from 'vitest'
import { type Environment, readEnvironment } from './env.ts'

function check(env: NodeJS.ProcessEnv, expected: Partial<Environment>): void {
  expect(readEnvironment(env)).toMatchObject(expected)
}

test('a dumb terminal moves no cursor', () => {
  expect(readEnvironment({ TERM: 'dumb' }).movesCursor).toBe(false)
})

test('an empty environment says nothing', () => {
  expect(readEnvironment({})).toEqual({
    databaseUrl: undefined,
    nameOf: expect.any(Function),
    production: false,
    invokedFrom: undefined,
    packageManager: undefined,
    user: undefined,
    ciRun: undefined,
    inherited: {},
    movesCursor: true,
    colours: 'by-stream',
  })
})

test('an empty DATABASE_URL is none', () => {
  check({ DATABASE_URL: '' }, { databaseUrl: undefined })
  check(
    { DATABASE_URL: 'postgres://h/d' },
    { databaseUrl: { connectionString: 'postgres://h/d', connectionName: 'DATABASE_URL' } },
  )
})

test('only NODE_ENV=production is production', () => {
  check({ NODE_ENV: 'production' }, { production: true })
  check({ NODE_ENV: 'test' }, { production: false })
})

test('NO_COLOR goes before FORCE_COLOR, and an empty one says nothing', () => {
  check({ NO_COLOR: '1', FORCE_COLOR: '1' }, { colours: 'plain' })
  check({ NO_COLOR: '' }, { colours: 'by-stream' })
  check({ FORCE_COLOR: '1' }, { colours: 'colours' })
  check({ FORCE_COLOR: '0' }, { colours: 'by-stream' })
  check({ TERM: 'dumb' }, { colours: 'plain' })
})

test('the person of a CI run is who started it', () => {
  check({ USER: 'runner', GITHUB_ACTOR: 'ann', GITHUB_RUN_ID: '7' }, { user: 'ann', ciRun: '7' })
  check({ USER: 'ann' }, { user: 'ann' })
})

test.each([
  ['npm/11.4.2 node/v22.1.0 linux x64', 'npm'],
  ['pnpm/10.34.9 npm/? node/v22.1.0 linux x64', 'pnpm'],
  ['yarn/1.22.22 npm/? node/v22.1.0 linux x64', 'yarn'],
  ['something else', undefined],
] as const)('%s started this program', (npm_config_user_agent, packageManager) => {
  check({ npm_config_user_agent }, { packageManager })
})
