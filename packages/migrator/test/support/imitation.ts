import { createServer, type Socket } from 'node:net'
import { framers } from './wire/messages.ts'

/** What a server that only speaks PostgreSQL's protocol says of itself. */
export interface Imitation {
  readonly version: string
  readonly parameters?: Readonly<Record<string, string>>
  /** The error that it answers the first question with; it then answers the next one, `SELECT version()`. */
  readonly refuses?: string
}

export interface ImitationServer {
  readonly port: number
  /** The queries that it got. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

/**
 * Not a real server: CockroachDB, YugabyteDB, Redshift and DSQL cannot be run in a test. It answers the handshake and the
 * questions after it on a real socket, in the words that those products' documentation gives.
 */
export async function imitationServer(imitation: Imitation): Promise<ImitationServer> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const { client } = framers()
    socket.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of client.push(chunk)) {
        if (type === 'SSLRequest') socket.write('N')
        else if (type === 'StartupMessage') socket.write(greeting(imitation))
        else if (type === 'Q') {
          asked.push(bytes.toString('utf8', 5, bytes.length - 1))
          socket.write(answer(imitation, asked.length))
        }
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    asked,
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function greeting({ parameters = {} }: Imitation): Buffer {
  const statuses = Object.entries({ server_version: '13.0', client_encoding: 'UTF8', ...parameters })
  return Buffer.concat([
    message('R', int32(0)),
    ...statuses.map(([name, value]) => message('S', text(name), text(value))),
    message('K', int32(7), int32(7)),
    READY,
  ])
}

function answer({ version, refuses }: Imitation, count: number): Buffer {
  if (refuses !== undefined && count === 1) {
    const fields = { S: 'ERROR', V: 'ERROR', C: '42704', M: refuses }
    const body = Object.entries(fields).map(([name, value]) => text(`${name}${value}`))
    return Buffer.concat([message('E', ...body, Buffer.from([0])), READY])
  }
  const row = { pid: '7', version, number: '130000', read_only: 'off', standby: 'f' }
  return Buffer.concat([columns(Object.keys(row)), data(Object.values(row)), message('C', text('SELECT 1')), READY])
}

function columns(names: readonly string[]): Buffer {
  const each = names.flatMap((name) => [text(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)])
  return message('T', int16(names.length), ...each)
}

function data(values: readonly string[]): Buffer {
  return message(
    'D',
    int16(values.length),
    ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

const text = (value: string) => Buffer.from(`${value}\0`)
const READY = message('Z', Buffer.from('I'))
