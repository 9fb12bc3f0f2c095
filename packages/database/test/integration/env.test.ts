import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadDotEnv } from '../../src/env.ts'

test.each<readonly [string, NodeJS.ProcessEnv, NodeJS.ProcessEnv]>([
  ['nothing is set', {}, { DATABASE_URL: 'postgresql://h/file', NODE_ENV: 'production' }],
  ['it is empty', { DATABASE_URL: '', NODE_ENV: '' }, { DATABASE_URL: 'postgresql://h/file', NODE_ENV: 'production' }],
  ['it is set', { DATABASE_URL: 'postgresql://h/set' }, { DATABASE_URL: 'postgresql://h/set', NODE_ENV: 'production' }],
])('.env counts where %s in the environment', (_, env, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'database-env-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, '.env'), '# the database\nDATABASE_URL="postgresql://h/file"\nNODE_ENV=production\n')
  loadDotEnv(join(folder, '.env'), env)
  expect(env).toEqual(expected)
})
