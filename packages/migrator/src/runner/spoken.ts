import { MigratorError } from '../errors.ts'
import { asProgram } from '../report/invocation.ts'

/** A failure in the words of whoever calls the library: `migrator status` rather than a script, and pages where they are installed. */
export function spoken(error: unknown): unknown {
  if (error instanceof MigratorError)
    Object.assign(error, { message: asProgram.speak(error.message), hint: asProgram.speak(error.hint) })
  return error
}
