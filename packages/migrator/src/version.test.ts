import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toolVersion } from './version.ts'

test('equals the version in package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(toolVersion).toBe(manifest.version)
})
