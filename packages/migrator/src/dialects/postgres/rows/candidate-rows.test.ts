import { describe, expect, test } from 'vitest'
import { column, reference, table } from '../../../../test/support/shapes.ts'
import { candidateRows, wantedRows } from './candidate-rows.ts'
import { rowPlan } from './row-plan.ts'
import { valuesOf } from './type-values.ts'

const shape = table('t', {
  columns: [
    column('id'),
    column('note', { nullable: true }),
    column('parent_id', { nullable: true }),
    column('serial', { source: 'sequence', expression: "nextval('s')" }),
  ],
  uniques: [{ columns: ['id'], deferrable: false }],
  foreignKeys: [reference('parent_id', 'parent')],
})
const values = new Map(shape.columns.map(({ name, type }) => [name, valuesOf(type, new Map())]))
const plan = rowPlan(shape, new Set())
const rows = (first: number, count: number, style: 'edge' | 'plain' = 'edge') =>
  candidateRows(plan, values, { first, count, wanted: 8, style })

describe('candidateRows', () => {
  test('are the same each time', () => expect(rows(0, 40)).toEqual(rows(0, 40)))

  test('begin with a row without NULL and one of nothing else', () => {
    const [full, bare] = rows(0, 2)
    expect(full?.texts.note).not.toBeNull()
    expect(full?.picks).toEqual([0])
    expect(bare?.texts).toEqual({ id: expect.any(String), note: null })
    expect(bare?.picks).toEqual([null])
  })

  test('never repeat what must differ, nor what another round had', () => {
    const ids = [...rows(0, 40), ...rows(1000, 40)].map(({ texts }) => texts.id)
    expect(new Set(ids).size).toBe(80)
  })

  test('show every edge of every type, whatever the column is called and although it takes NULL', () => {
    for (const name of ['a', 'title', 'name', 'note', 'body']) {
      for (const nullable of [true, false]) {
        for (const type of ['text', 'json', 'jsonb', 'varchar', 'int4', 'timestamptz', 'interval', 'bool']) {
          const base = { kind: 'base', sql: type, name: type, modifiers: type === 'varchar' ? [5] : [] } as const
          const own = table('t', { columns: [column(name, { type: base, nullable })] })
          const { edges } = valuesOf(base, new Map())
          const wanted = wantedRows(own, 8)
          const request = { first: 0, count: wanted + 4, wanted, style: 'edge' } as const
          const made = candidateRows(rowPlan(own, new Set()), new Map([[name, valuesOf(base, new Map())]]), request)
          const shown = new Set(made.slice(0, wanted).map(({ texts }) => texts[name]))
          expect(
            edges.filter((edge) => !shown.has(edge)),
            `${type} in ${name}`,
          ).toEqual([])
        }
      }
    }
  })

  test('have a twin of the first one, which differs only where it must', () => {
    const request = { first: 0, count: 12, wanted: 8, style: 'edge' } as const
    const [model] = candidateRows(plan, values, request)
    const twin = candidateRows(plan, values, request)[7]
    expect(twin?.texts.note).toBe(model?.texts.note)
    expect(twin?.picks).toEqual(model?.picks)
    expect(twin?.texts.id).not.toBe(model?.texts.id)
    const distinct = candidateRows(plan, values, { ...request, distinct: true })
    expect(distinct[7]?.picks).not.toEqual(model?.picks)
  })

  test('stay with ordinary values when asked', () => {
    expect(rows(0, 8, 'plain').every(({ texts }) => Math.abs(Number(texts.id)) < 100)).toBe(true)
    expect(rows(0, 8).some(({ texts }) => Math.abs(Number(texts.id)) > 100)).toBe(true)
  })

  test('say nothing of what a sequence or a parent gives', () => {
    expect(Object.keys(rows(0, 1)[0]?.texts ?? {})).toEqual(['id', 'note'])
  })
})

test('wantedRows has a row for each edge, one of NULLs and one for a twin; of labels up to forty', () => {
  const labels = (count: number) =>
    column('e', { type: { kind: 'enum', sql: 'e', labels: Array.from({ length: count }, String) } })
  expect(wantedRows(table('t', { columns: [labels(3)] }), 8)).toBe(8)
  expect(wantedRows(table('t', { columns: [labels(12)] }), 8)).toBe(14)
  expect(wantedRows(table('t', { columns: [labels(500)] }), 8)).toBe(42)
})
