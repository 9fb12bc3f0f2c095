import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toolName, toolVersion } from './version.ts'

test('equal the name and the version in package.json', () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect([toolName, toolVersion]).toEqual([name, version])
})
