import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type DrizzleConfig, readDrizzleConfig } from './drizzle-config.ts'

function check(text: string, expected: Partial<DrizzleConfig>): void {
  const folder = mkdtempSync(join(tmpdir(), 'migrator-drizzle-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'drizzle.config.ts'), text)
  expect(readDrizzleConfig(folder, 'drizzle.config.ts')).toMatchObject(expected)
}

test('what is written literally is read, whatever the quotes', () => {
  check('export default { out: "./db/out", schema: [\'./a.ts\', `./b.ts`], "dialect": "postgresql" }', {
    out: './db/out',
    schema: ['./a.ts', './b.ts'],
    dialect: 'postgresql',
    tablesFilter: [],
    schemaFilter: undefined,
  })
})

test('a comment says nothing', () => {
  check("// out: './old'\nexport default {\n  // dialect: 'mysql'\n  /* schema: './x' */ tablesFilter: ['a_*'],\n}", {
    out: 'drizzle',
    dialect: undefined,
    schema: [],
    tablesFilter: ['a_*'],
  })
})

test.each([
  ['process.env.POSTGRES_URL!', 'POSTGRES_URL'],
  ['process.env.POSTGRES_URL as string', 'POSTGRES_URL'],
  ["process.env['DB_URL'] ?? ''", 'DB_URL'],
  ['env.DATABASE_URL', 'DATABASE_URL'],
  ["required('DATABASE_URL')", 'DATABASE_URL'],
  ["'postgres://localhost/app'", undefined],
  ['url', undefined],
])('of url: %s the variable is %s', (url, urlVariable) => {
  check(`export default { dbCredentials: { url: ${url} } }`, { urlVariable })
})
