import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const room = import.meta.dirname
const page = readFileSync(join(room, '../../../../../docs/reference/iam-policy.md'), 'utf8')

/** The actions of every call in this room. */
const asked = new Set(
  readdirSync(room)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [...readFileSync(join(room, name), 'utf8').matchAll(/\bask(?:Once)?\(\s*'(\w+)'/g)])
    .map(([, action]) => `rds:${action}`),
)

test('every action that is asked of AWS is in the page of permissions', () => {
  expect(asked.size).toBeGreaterThan(15)
  expect([...asked].filter((permission) => !page.includes(permission))).toEqual([])
})

test('the page names no permission that nothing needs', () => {
  const named = [...page.matchAll(/\brds:[A-Z]\w+/g)].map(([permission]) => permission)
  expect(named.filter((permission) => permission !== 'rds:AddTagsToResource' && !asked.has(permission))).toEqual([])
})

test('its policies are JSON that can be pasted', () => {
  const policies = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text))
  expect(policies).toHaveLength(3)
  for (const { Version, Statement } of policies) {
    expect(Version).toBe('2012-10-17')
    for (const { Effect, Sid } of Statement) expect([Effect, /^[A-Za-z0-9]+$/.test(Sid)]).toEqual(['Allow', true])
  }
})
