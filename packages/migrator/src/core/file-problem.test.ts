import { expect, test } from 'vitest'
import { MigratorError } from '../errors.ts'
import { type FileProblem, invalidFiles, problemsIn } from './file-problem.ts'

const problem = (path: string, message: string): FileProblem => ({ kind: 'empty', path, message })

function check(problems: readonly FileProblem[], message: string): void {
  expect(invalidFiles(problems)).toMatchObject({
    code: 'MIGRATION_FILES_INVALID',
    exitCode: 2,
    message,
    details: { problems },
  })
}

test('one problem is the message, and names its file', () => {
  check([problem('1_a.ts', '1_a.ts is empty.')], '1_a.ts is empty.')
  check([problem('1_a.ts', 'Migration 1_a is empty')], 'Migration 1_a is empty: 1_a.ts.')
})

test('several problems are all listed', () => {
  const problems = [problem('1_a.ts', '1_a.ts is bad.'), problem('2_b.ts', 'Migration 2_b is empty')]
  check(problems, '2 problems in the migration files:\n  1_a.ts is bad.\n  Migration 2_b is empty: 2_b.ts.')
})

test('the problems come out of the error again, and a bug passes through', () => {
  const problems = [problem('1_a.ts', 'bad')]
  expect(problemsIn(invalidFiles(problems))).toEqual(problems)
  for (const bug of [new TypeError('bug'), new MigratorError('LOCK_LOST', 'other')])
    expect(() => problemsIn(bug)).toThrow(bug)
})
