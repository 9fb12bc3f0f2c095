import { describe, expect, test } from 'vitest'
import { postgresScript } from '../dialects/postgres/script/language.ts'
import { type Directives, readDirectives } from './directives.ts'

const NONE: Directives = { transactional: true, irreversible: undefined, description: undefined, problems: [] }

function check(sql: string, expected: Partial<Directives>): void {
  expect(readDirectives(postgresScript.header(sql))).toEqual({ ...NONE, ...expected })
}

/** How many things are not understood, and a word that the sentence about the first of them holds. */
function checkProblem(sql: string, count: number, word: string): void {
  const { problems } = readDirectives(postgresScript.header(sql))
  expect(problems).toHaveLength(count)
  expect(problems[0]).toContain(word)
}

test('a text without directives runs in a transaction', () => {
  check('', {})
  check('CREATE TABLE a ()', {})
  check('-- migrator of birds: transaction=false\nSELECT 1', {})
})

describe('options', () => {
  test('are read in any case and with any spaces', () => {
    check('-- migrator: transaction=false\nSELECT 1', { transactional: false })
    check('  --Migrator:Transaction = false\r\nSELECT 1', { transactional: false })
    check('\t--\tMIGRATOR: transaction=true\nSELECT 1', {})
  })

  test('may stand on one line or on several, between other comments', () => {
    check('-- hello\n-- migrator: transaction=false, irreversible="why"; description=x\nSELECT 1', {
      transactional: false,
      irreversible: 'why',
      description: 'x',
    })
    check('/* hello */\n\n-- migrator: transaction=false\n-- migrator: irreversible=why\nSELECT 1', {
      transactional: false,
      irreversible: 'why',
    })
  })

  test('are taken out of their quotes', () => {
    check(`-- migrator: irreversible="it's gone"\nSELECT 1`, { irreversible: "it's gone" })
    check(`-- migrator: irreversible='a "b", c=d'\nSELECT 1`, { irreversible: 'a "b", c=d' })
    check('-- migrator: irreversible="a \\"b\\" c"\nSELECT 1', { irreversible: 'a "b" c' })
  })

  test('are read behind a byte order mark', () => {
    check('\uFEFF-- migrator: transaction=false\nSELECT 1', { transactional: false })
    check('\uFEFF\n-- migrator: transaction=false\nSELECT 1', { transactional: false })
  })

  test('count only in front of the first statement', () => {
    check('SELECT 1;\n-- migrator: transaction=false\nSELECT 2', {})
    check("SELECT '\n-- migrator: transaction=false\n'", {})
    check('-- a\n;\n-- migrator: transaction=false\nSELECT 1', { transactional: false })
  })

  test('do not count inside a block comment', () => {
    check('/*\n-- migrator: transaction=false\n*/\nSELECT 1', {})
  })
})

test('a description may be given as a comment of its own', () => {
  check('-- Description: Add plans  \r\nSELECT 1', { description: 'Add plans' })
  check('-- description: first\n-- migrator: description="second"\nSELECT 1', { description: 'second' })
})

describe('what is not understood', () => {
  test('is reported, never ignored', () => {
    checkProblem('-- migrator: transacton=false\nSELECT 1', 1, 'transacton')
    checkProblem('-- migrator: transaction=no\nSELECT 1', 1, 'transaction=no')
    checkProblem('-- migrator: transaction=FALSE\nSELECT 1', 1, 'transaction=FALSE')
    checkProblem('-- migrator: no-transaction\nSELECT 1', 1, 'no-transaction')
    checkProblem('-- migrator: irreversible=it is gone\nSELECT 1', 1, 'key=value')
    checkProblem('-- migrator: a=1 b=2\nSELECT 1', 2, '"a"')
  })

  test('leaves the safe reading in force', () => {
    expect(readDirectives(' migrator: transaction=no\n').transactional).toBe(true)
  })

  test('is an irreversible without a reason, too', () => {
    checkProblem('-- migrator: irreversible=""\nSELECT 1', 1, 'irreversible')
  })
})
