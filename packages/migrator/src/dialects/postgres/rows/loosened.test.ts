import { describe, expect, test } from 'vitest'
import { column, table } from '../../../../test/support/shapes.ts'
import type { TableShape } from '../../../core/data/table-shape.ts'
import { loosenedShapes, tightenedShape } from './loosened.ts'

const shape = (more: Partial<TableShape>) => table('t', { columns: [column('a'), column('b')], ...more })

const check = (expression: string) => ({ name: 'c', expression, columns: ['a'] })
const unique = (columns: string[], rule = '') => ({ columns, deferrable: false, rule })

describe('loosenedShapes', () => {
  test('asks for the opposite of a check that is gone or another', () => {
    const found = loosenedShapes([shape({ checks: [check('(a < 1)')] })], shape({ checks: [check('(a < 9)')] }))
    expect(found.map(({ checks }) => checks.map(({ expression }) => expression))).toEqual([
      ['(a < 9)', '((a < 1)) IS FALSE'],
    ])
  })

  test('takes what no longer needs to be unique from existing rows', () => {
    const found = loosenedShapes([shape({ uniques: [unique(['a'])] })], shape({ uniques: [unique(['a'], 'WHERE b')] }))
    expect(found.map(({ foreignKeys }) => foreignKeys)).toEqual([
      [{ name: 'of a twin', columns: ['a'], parent: 'public.t', parentColumns: ['a'], full: false }],
    ])
  })

  test('nothing where nothing was loosened, the columns are gone, or the table is new', () => {
    const strict = shape({ checks: [check('(a < 1)')], uniques: [unique(['a', 'b'])] })
    expect(loosenedShapes([strict], { ...strict, uniques: [unique(['b', 'a'])] })).toEqual([])
    expect(loosenedShapes([strict], shape({ columns: [column('b')] }))).toEqual([])
    expect(loosenedShapes([], shape({}))).toEqual([])
  })
})

describe('tightenedShape', () => {
  test('asks for what the earlier shape asked for, of the columns that are still there', () => {
    const key = { name: 'k', columns: ['b'], parent: 'public.p', parentColumns: ['id'], full: false }
    const strict = shape({
      columns: [{ ...column('a'), nullable: false }, column('b')],
      checks: [check('(a < 1)')],
      uniques: [unique(['a']), unique(['b'])],
      foreignKeys: [key],
    })
    const now = shape({ columns: [{ ...column('a'), nullable: true }], checks: [check('(a < 9)')] })
    expect(tightenedShape([strict], now)).toEqual({
      ...now,
      columns: [{ ...column('a'), nullable: false }],
      checks: [check('(a < 9)'), check('(a < 1)')],
      uniques: [unique(['a'])],
    })
    expect(tightenedShape([strict], { ...strict, columns: now.columns }).foreignKeys).toEqual([key])
  })

  test('leaves a table alone that is new', () => expect(tightenedShape([], shape({}))).toEqual(shape({})))
})
