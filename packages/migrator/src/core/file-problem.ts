import { MigratorError } from '../errors.ts'
import { plural } from './plural.ts'
import { sentence, withoutStop } from './sentence.ts'

/** A problem with the files of a migrations directory. `id` names the migration, if it is known. */
export interface FileProblem {
  readonly kind:
    | 'duplicate-id'
    | 'duplicate-number'
    | 'id-mismatch'
    | 'missing-down'
    | 'orphan-down'
    | 'orphan-seed'
    | 'empty'
    | 'invalid-name'
    | 'invalid-option'
    | 'unreadable'
    | 'does-not-load'
    | 'forbidden-statement'
    | 'journal'
    | 'not-in-journal'
    | 'empty-down'
    | 'unsupported'
    | 'other-tool'
    | 'replaced-file'
  readonly path: string
  readonly message: string
  readonly id?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** The place in the file, for people. */
  readonly frame?: string | undefined
}

/** The error that carries all problems at once. */
export function invalidFiles(problems: readonly FileProblem[]): MigratorError {
  const [first] = problems
  const lines = problems.map((problem) => `  ${lineOf(problem)}`)
  const message =
    problems.length === 1 && first
      ? lineOf(first)
      : `${plural(problems.length, 'problem', 'problems')} in the migration files:\n${lines.join('\n')}`
  return new MigratorError('MIGRATION_FILES_INVALID', message, { details: { problems } })
}

/** Every problem names its file. */
function lineOf({ message, path }: FileProblem): string {
  return sentence(message.includes(path) ? message : `${withoutStop(message)}: ${path}`)
}

/** The problems that a failed `load` carries; anything else is a bug and passes through. */
export function problemsIn(error: unknown): FileProblem[] {
  if (error instanceof MigratorError && error.code === 'MIGRATION_FILES_INVALID') {
    return [...((error.details.problems ?? []) as readonly FileProblem[])]
  }
  throw error
}
