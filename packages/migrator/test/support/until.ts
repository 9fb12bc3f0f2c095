import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again until there is an answer. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, limitMs = 60_000): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`it did not come to pass in ${limitMs} ms: ${what}`)
    await sleep(20)
  }
}
