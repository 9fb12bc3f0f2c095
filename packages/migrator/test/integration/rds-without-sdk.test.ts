import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const TSX = import.meta.resolve('tsx')
const PROVIDER = pathToFileURL(join(import.meta.dirname, '../../src/providers/rds/provider.ts')).href
const CLOCK = pathToFileURL(join(import.meta.dirname, '../../src/clock.ts')).href

/** Resolving the SDK prints a line, and fails as it does where it is not installed when `installed` says so. */
const hooks = (installed: 'installed' | 'missing') => `
import { writeSync } from 'node:fs'
export async function resolve(specifier, context, next) {
  if (specifier !== '@aws-sdk/client-rds') return next(specifier, context)
  writeSync(1, 'the SDK is loaded\\n')
  if ('${installed}' === 'installed') return next(specifier, context)
  throw Object.assign(new Error("Cannot find package '@aws-sdk/client-rds'"), { code: 'ERR_MODULE_NOT_FOUND' })
}
`

const program = (then: string) => `
import { createRdsProvider } from ${JSON.stringify(PROVIDER)}
import { systemClock } from ${JSON.stringify(CLOCK)}
const provider = createRdsProvider({
  name: 'auto', host: 'h', instance: 'i', region: 'eu-west-1', endpoint: 'http://127.0.0.1:9',
  retryPauseMs: 1, toolVersion: '1', clock: systemClock,
})
console.log(provider.name)
${then}
`

/** Runs the program in a process of its own, so that what it loads can be seen. */
async function run(installed: 'installed' | 'missing', then: string): Promise<{ stdout: string; stderr: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'rds-sdk-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = (name: string) => join(directory, name)
  await writeFile(file('hooks.mjs'), hooks(installed))
  await writeFile(
    file('register.mjs'),
    "import { register } from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n",
  )
  await writeFile(file('program.mjs'), program(then))
  const words = ['--import', TSX, '--import', pathToFileURL(file('register.mjs')).href, file('program.mjs')]
  return promisify(execFile)(process.execPath, words, {
    env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true' },
  })
}

const LIST =
  'await provider.list().catch((error) => console.log(error.code, error.exitCode, error.message, error.hint))'

test('making a provider does not load the SDK', async () => {
  expect((await run('installed', '')).stdout).toBe('rds\n')
})

test('using it loads the SDK, and none of its notices about Node reach the terminal', async () => {
  const { stdout, stderr } = await run('installed', LIST)
  expect(stdout).toContain('the SDK is loaded')
  expect(stdout).toMatch(/AWS_/)
  expect(stderr).toBe('')
})

test('without the SDK the package to install is named', async () => {
  const { stdout } = await run('missing', LIST)
  expect(stdout).toContain('BACKUP_UNAVAILABLE 2')
  expect(stdout).toContain('pnpm add @aws-sdk/client-rds')
})
