import { describe, expect, test } from 'vitest'
import type { PlanFacts, PlannedStep } from '../core/plan-facts.ts'
import { MigrationPlanReporter, PLAN_FORMATS } from './plan-report.ts'

const step = (more: Partial<PlannedStep> = {}): PlannedStep => ({
  step: { id: '0007_<b>', direction: 'down', by: 'file' },
  sql: 'DROP TABLE "a|b"; -- ```\nSELECT \'<script>\';',
  checksum: 'abc',
  statements: [
    {
      ...{ direction: 'down', sql: 'DROP TABLE x', parameters: ['secret'], rewrites: [], scans: [], durationMs: 1234 },
      locks: [{ relation: 'users', mode: 'ACCESS EXCLUSIVE' }],
    },
  ],
  ...{ verdict: 'lossy', reasons: ['It loses:\n  rows'], loss: [{ table: 'public.a', how: 'dropped' }] },
  ...{ liveLoss: [], certificate: 'valid' },
  ...more,
})

const facts = (more: Partial<PlanFacts> = {}): PlanFacts => ({
  database: 'shop',
  plan: { direction: 'down', steps: [step().step], problems: [], notices: ['a notice'] },
  steps: [step()],
  backup: 'rds, taken first',
  ...{ drift: [], notes: ['a note'] },
  ...more,
})

const reporter = new MigrationPlanReporter()

describe.each(PLAN_FORMATS)('as %s a plan', (format) => {
  const text = reporter.render(facts(), format)

  test('tells order, SQL, lock, loss, verdict, proof, backup and notes', () => {
    for (const expected of [
      '0007_',
      'SELECT',
      'ACCESS EXCLUSIVE',
      'lossy',
      'abc',
      'rds, taken first',
      'a notice',
      'a note',
    ])
      expect(text).toContain(expected)
    expect(text).toMatch(/all rows of a\b/)
  })

  test('does not show what was bound to parameters in a rehearsal', () => expect(text).not.toContain('secret'))

  test('tells what stands against it', () => {
    const refused = facts({ refusal: { code: 'OUT_OF_ORDER', message: '0003 is out of order' } })
    expect(reporter.render(refused, format)).toMatch(/OUT_OF_ORDER[\s\S]*|0003 is out of order/)
  })

  test('prefers what was counted on the live database', () => {
    const counted = facts({ steps: [step({ liveLoss: ['3 rows of public.a'] })] })
    expect(reporter.render(counted, format)).toContain('3 rows of public.a')
  })

  test('says that nothing was measured', () => {
    const unmeasured = facts({ steps: [step({ statements: [], verdict: undefined, sql: undefined })] })
    expect(reporter.render(unmeasured, format)).toMatch(/not measured|"durationMs": null/)
  })
})

test('HTML holds no markup of a migration', () => {
  const html = reporter.render(facts(), 'html')
  expect(html).not.toContain('<script>')
  expect(html).toContain('0007_&lt;b&gt;')
  expect(html).not.toMatch(/https?:/)
})

test('Markdown cannot be left by what the SQL holds', () => {
  const markdown = reporter.render(facts(), 'markdown')
  expect(markdown).toContain('````sql\n')
  expect(
    markdown
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split(/(?<!\\)\|/).length),
  ).toEqual([8, 8, 8])
})

test('JSON is one versioned document', () => {
  expect(JSON.parse(reporter.render(facts(), 'json'))).toMatchObject({ schemaVersion: 1, direction: 'down' })
})

test('nothing to do is said so', () => {
  const nothing = facts({ plan: { direction: 'up', steps: [], problems: [], notices: [] }, steps: [] })
  expect(reporter.render(nothing, 'text')).toMatch(/^Nothing to apply to shop/)
})
