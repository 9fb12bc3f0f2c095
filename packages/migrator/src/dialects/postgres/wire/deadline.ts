/** A moment after which nothing is waited for any longer. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Rejects then, with the signal's reason. */
  readonly expired: Promise<never>
  clear(): void
}

/** After that time, or once `sooner` is aborted. What is given up has the code CONNECT_TIMEOUT. */
export function deadlineIn(ms: number, sooner: AbortSignal): Deadline {
  const controller = new AbortController()
  const expired = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  expired.catch(() => undefined)
  const give = () => controller.abort(Object.assign(new Error('no answer in time'), { code: 'CONNECT_TIMEOUT' }))
  const timer = setTimeout(give, ms)
  sooner.addEventListener('abort', give, { once: true })
  const clear = () => {
    clearTimeout(timer)
    sooner.removeEventListener('abort', give)
  }
  return { signal: controller.signal, expired, clear }
}
