import { expect, test } from 'vitest'
import type { BackupScope } from '../../ports/backup.ts'
import { readTags, tagsFor, tagsForRestored } from './tags.ts'

function scope(ids: readonly string[], gitCommit?: string): BackupScope {
  return {
    kind: 'run',
    operation: 'rollback',
    runId: 'run-1',
    steps: ids.map((id) => ({ id, direction: 'down' })),
    database: { host: 'h', port: 5432, database: 'app', user: 'u', local: false },
    operator: { gitCommit },
    askedAt: new Date(0),
  }
}

test('what is written is read back', () => {
  const tags = tagsFor(scope(['0002_b', '0001_a'], 'abc'), 'summit-prod', '1.0.0')
  expect(readTags(tags)).toEqual({ own: true, runId: 'run-1', migrations: ['0002_b', '0001_a'] })
  expect(tags).toContainEqual({ Key: 'migrator:git-commit', Value: 'abc' })
  expect(tags).toContainEqual({ Key: 'migrator:source', Value: 'summit-prod' })
})

test('has no tag without a value, which AWS would show as empty', () => {
  const tags = tagsFor(scope([]), 'summit-prod', '1.0.0')
  expect(tags.every(({ Value }) => Value !== '')).toBe(true)
  expect(tags.map(({ Key }) => Key)).not.toContain('migrator:git-commit')
})

test('keeps to the characters and the length that AWS allows', () => {
  const odd = tagsFor(scope(['0001_"quoted",{x}#é']), 'x', '1.0.0')
  expect(odd).toContainEqual({ Key: 'migrator:migrations', Value: '0001__quoted___x__é' })
  const many = tagsFor(
    scope(Array.from({ length: 60 }, (_, index) => `${String(index).padStart(4, '0')}_migration`)),
    'x',
    '1',
  )
  for (const { Key, Value } of many) {
    expect(Key.length).toBeLessThanOrEqual(128)
    expect(Value.length).toBeLessThanOrEqual(256)
  }
  expect(readTags(many).migrations?.at(-1)).toMatch(/^\d{4}_migration$/)
  expect(many.find(({ Key }) => Key === 'migrator:migrations')?.Value).toMatch(/ \+\d+$/)
})

test('does not take the tags of others for its own', () => {
  expect(readTags([])).toEqual({ own: false })
  expect(readTags([{ Key: 'migrator:tool', Value: 'another' }])).toEqual({ own: false })
  expect(readTags([{ Key: 'tool', Value: '@repo/migrator' }])).toEqual({ own: false })
})

test('a restored instance gets the tags of its source, without those that AWS or this tool put there', () => {
  const tags = tagsForRestored(
    [
      { Key: 'team', Value: 'core' },
      { Key: 'aws:cloudformation:stack-name', Value: 's' },
      { Key: 'migrator:run', Value: 'old' },
    ],
    'pre-rollback-x',
    '1.0.0',
  )
  expect(tags).toContainEqual({ Key: 'team', Value: 'core' })
  expect(tags).toContainEqual({ Key: 'migrator:restored-from', Value: 'pre-rollback-x' })
  expect(tags.map(({ Key }) => Key)).not.toContain('aws:cloudformation:stack-name')
  expect(tags.filter(({ Key }) => Key === 'migrator:run')).toEqual([])
})
