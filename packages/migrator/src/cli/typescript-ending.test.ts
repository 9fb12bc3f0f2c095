import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { typescriptEnding } from './typescript-ending.ts'

const VERBATIM = '{ "compilerOptions": { "verbatimModuleSyntax": true, "module": "nodenext" } }'

function check(files: Readonly<Record<string, string>>, expected: 'ts' | 'mts'): void {
  const root = mkdtempSync(join(tmpdir(), 'typescript-ending-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, content] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  expect(typescriptEnding(join(root, 'packages/db/migrations'))).toBe(expected)
}

test('.mts in a CommonJS package whose compiler keeps imports as they are written', () => {
  check({ 'tsconfig.json': `${VERBATIM} // ours` }, 'mts')
  check({ 'tsconfig.json': VERBATIM.replace('nodenext', 'CommonJS') }, 'mts')
  check({ 'packages/db/tsconfig.json': '{ "extends": "../../tsconfig.base" }', 'tsconfig.base.json': VERBATIM }, 'mts')
  check(
    {
      'packages/db/tsconfig.json': '{ "extends": ["@acme/strict", "./module.json"] }',
      'packages/db/module.json': '{ "compilerOptions": { "module": "node16" } }',
      'node_modules/@acme/strict/package.json': '{ "name": "@acme/strict" }',
      'node_modules/@acme/strict/tsconfig.json': '{ "compilerOptions": { "verbatimModuleSyntax": true } }',
    },
    'mts',
  )
})

test('.ts everywhere else', () => {
  check({}, 'ts')
  check({ 'tsconfig.json': VERBATIM.replace('true', 'false') }, 'ts')
  check({ 'tsconfig.json': VERBATIM.replace('nodenext', 'preserve') }, 'ts')
  check({ 'tsconfig.json': VERBATIM, 'packages/db/package.json': '{ "type": "module" }' }, 'ts')
  check({ 'tsconfig.json': VERBATIM, 'packages/db/tsconfig.json': '{ "compilerOptions": {} }' }, 'ts')
  check({ 'tsconfig.json': '{ "extends": "./tsconfig.json", "compilerOptions": { "module": "nodenext" } }' }, 'ts')
  check({ 'tsconfig.json': '{ "extends": "absent" ' }, 'ts')
})
