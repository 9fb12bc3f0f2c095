import { lasting } from '../../core/once.ts'
import type { Database } from '../../ports/database.ts'
import type { StepSession } from '../../ports/step.ts'

/** A session that is opened when it is first asked for, and anew when it was lost or could not be opened. */
export function lateSession(database: Pick<Database, 'connect'>): () => Promise<StepSession> {
  return lasting(
    () => database.connect({ modules: false }),
    ({ isLost }) => isLost,
  )
}
