import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { copyRepository } from '../support/copy.ts'

const root = join(import.meta.dirname, '../../../..')

function pnpm(...words: readonly string[]) {
  return spawnSync('pnpm', words, { cwd: root, encoding: 'utf8' })
}

test.each([
  ['db:rolback', 254, 'There is no script "db:rolback". Did you mean "db:rollback"?'],
  ['-s db:migrate:statsu --json', 254, 'Did you mean "db:migrate:status"?'],
  ['run db:rolback', 1, 'Did you mean "db:rollback"?'],
  ['--filter @repo/database db:migrat', 1, 'Did you mean "db:migrate"?'],
  ['db:frobnicate-all-of-it', 254, 'There is no script "db:frobnicate-all-of-it". package.json lists the scripts.'],
])('pnpm %s suggests the nearest script', (line, code, says) => {
  const { status, stdout, stderr } = pnpm(...line.split(' '))
  expect({ status, stdout }).toEqual({ status: code, stdout: '' })
  expect(stderr).toContain(says)
})

test('a script that exists, and a program that fails, are left to speak for themselves', () => {
  const { status, stdout, stderr } = pnpm('db:validate', '--config', 'nowhere.ts', '--json')
  expect(status).toBe(2)
  expect(JSON.parse(stdout).error.code).toBe('CONFIG_INVALID')
  expect(stderr).toBe('')
  expect(pnpm('exec', 'false').stderr).toBe('')
})

test('installed for production, without the bundler, the commands run from their sources', async () => {
  const copy = await copyRepository(root)
  onTestFinished(() => copy.remove())
  const installed = await copy.type('pnpm install --prod --frozen-lockfile --prefer-offline')
  expect(installed.code, installed.stderr).toBe(0)
  const { code, stdout, stderr } = await copy.type('pnpm --filter @repo/database db:validate')
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('migrations are valid')
  expect(stderr).toContain("could not be bundled (Cannot find package 'esbuild'")
})
