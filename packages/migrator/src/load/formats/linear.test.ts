import { describe, expect, test } from 'vitest'
import { growthOf, LINEAR } from '../../../test/support/growth.ts'
import { formats, otherToolOf } from './index.ts'
import { listingOf } from './listing.ts'

/** Files of every tool, one for each reader: `TEXT` marks where the repeated text goes. */
const FILES = [
  '0001_a.sql',
  '0001_a.up.sql',
  'V1__a.sql',
  'V1__a.sql.conf',
  '0001_a/up.sql',
  '0001_a/metadata.toml',
  '0001_a/migration.sql',
  'migration_lock.toml',
  'atlas.sum',
  '0001_a.ts',
]

const HEADS = [
  '',
  '-- +goose Up\n',
  '-- migrate:up ',
  '-- Up Migration\n',
  '--liquibase formatted sql\n--changeset a:1\n',
  '--liquibase formatted sql\n--changeset a:1\n--rollback',
]

const PARTS = [
  ' ',
  '\n',
  ' \n',
  '--',
  '-- ',
  '/* liquibase rollback ',
  '*/',
  'transaction: ',
  '--rollback ',
  '--rollback\n',
  'x',
]

describe.each(HEADS)('behind %j', (head) => {
  test.each(PARTS)('%j again and again takes every format eight times as long for eight times the text', (part) => {
    const read = (size: number) => {
      const text = head + part.repeat(Math.ceil(size / part.length))
      const listing = listingOf(Object.fromEntries(FILES.map((file) => [file, text])), '/repo/supabase/migrations')
      otherToolOf(listing)
      for (const format of formats) if (format.matches(listing)) format.read(listing)
    }
    expect(growthOf(read, 8_000)).toBeLessThan(LINEAR)
  })
})
