import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'

/** Passes bytes on and keeps their number and their SHA-256. */
export interface Meter {
  readonly stream: Transform
  readonly bytes: number
  /** Hexadecimal; call it once, at the end. */
  checksum(): string
}

export function createMeter(): Meter {
  const hash = createHash('sha256')
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return {
    stream,
    get bytes() {
      return bytes
    },
    checksum: () => hash.digest('hex'),
  }
}

/** Calls `tell` every second while the work lasts. */
export async function everySecond<T>(tell: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(tell, 1000)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
