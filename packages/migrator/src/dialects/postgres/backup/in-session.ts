import type { SqlSession } from '../session/sql-session.ts'

/** Does the work on a session of its own, which is closed whatever becomes of it. */
export async function inSession<T>(
  connect: () => Promise<SqlSession>,
  work: (on: SqlSession) => Promise<T>,
): Promise<T> {
  const on = await connect()
  try {
    return await work(on)
  } finally {
    await on.close()
  }
}

/** Does the work on the session; an abort cancels the statement that runs, and the signal's reason comes out. */
export async function cancelledBy<T>(
  signal: AbortSignal | undefined,
  on: SqlSession,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const cancel = () => void on.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await work()
  } catch (error) {
    // What fails after an abort fails because of it.
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}
