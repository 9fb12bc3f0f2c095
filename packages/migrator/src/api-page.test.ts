import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiPage } from '../api-page.ts'

test('docs/reference/api.md is what the docstrings say; pnpm --filter @repo/migrator api writes it', {
  timeout: 60_000,
}, () => {
  const page = readFileSync(new URL('../../../docs/reference/api.md', import.meta.url), 'utf8')
  expect(page).toBe(apiPage())
})
