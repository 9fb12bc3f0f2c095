/** https://www.postgresql.org/docs/current/protocol-message-formats.html */

export type Side = 'client' | 'server'

/** One message of PostgreSQL's protocol, with its bytes as they were sent. */
export interface Frame {
  /** The protocol's letter (`Q`, `C`, `Z` …); the messages without one have names. */
  readonly type: string
  readonly bytes: Buffer
}

export interface Framer {
  /** The messages that are complete with these bytes; the rest is kept for the next call. */
  push(chunk: Buffer): readonly Frame[]
}

const UNTYPED: Readonly<Record<number, string>> = {
  196608: 'StartupMessage',
  196610: 'StartupMessage',
  80877102: 'CancelRequest',
  80877103: 'SSLRequest',
  80877104: 'GSSENCRequest',
}

/** Both directions of one connection: how the server's first byte reads depends on what the client asked. */
export function framers(): Readonly<Record<Side, Framer>> {
  const state = { started: false, askedForEncryption: false, encrypted: false }
  return {
    client: framer((bytes) => {
      if (state.encrypted) return { type: 'encrypted', length: bytes.length }
      if (state.started) return typed(bytes)
      if (bytes.length < 8) return undefined
      const type = UNTYPED[bytes.readUInt32BE(4)] ?? 'StartupMessage'
      state.askedForEncryption = type === 'SSLRequest' || type === 'GSSENCRequest'
      state.started = !state.askedForEncryption
      return { type, length: bytes.readUInt32BE(0) }
    }),
    server: framer((bytes) => {
      if (state.encrypted) return { type: 'encrypted', length: bytes.length }
      const letter = String.fromCharCode(bytes[0] ?? 0)
      if (!state.askedForEncryption || letter === 'E') return typed(bytes)
      state.askedForEncryption = false
      state.encrypted = letter !== 'N'
      return { type: `encryption: ${letter}`, length: 1 }
    }),
  }
}

type Head = { readonly type: string; readonly length: number }

function typed(bytes: Buffer): Head | undefined {
  return bytes.length < 5 ? undefined : { type: String.fromCharCode(bytes[0] ?? 0), length: bytes.readUInt32BE(1) + 1 }
}

function framer(headOf: (bytes: Buffer) => Head | undefined): Framer {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      const frames: Frame[] = []
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      while (rest.length > 0) {
        const head = headOf(rest)
        if (!head || head.length > rest.length) break
        frames.push({ type: head.type, bytes: rest.subarray(0, head.length) })
        rest = rest.subarray(head.length)
      }
      return frames
    },
  }
}
