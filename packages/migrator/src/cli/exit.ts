import { writeResult } from './stdout.ts'

/**
 * The only place that sets the exit code, and that ends the process. What still stands in the pipes of stdout and
 * stderr is written first; a module that left a timer behind does not keep the process alive.
 */
export async function finish(code: number): Promise<void> {
  process.exitCode = code
  // A listener of a migration's own may set another.
  process.on('exit', () => {
    process.exitCode = code
  })
  await Promise.all([drained(process.stdout, writeResult), drained(process.stderr, writeError)])
  setTimeout(() => process.exit(code), GRACE_MS).unref()
}

const GRACE_MS = 500

/** After an error that nobody expected: the command does not go on, so that what is said is all that is said. */
export async function finishAtOnce(code: number): Promise<void> {
  await finish(code)
  process.exit(code)
}

/** At once, as the second Ctrl-C asks for. */
export function quit(): never {
  process.exit(130)
}

/**
 * Whoever reads the output may leave early (`head`), a terminal may close, a disk may be full: what happens to a migration,
 * and the exit code, do not depend on it. Without a listener Node would end the process.
 */
export function outliveReaders(): void {
  let told = false
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (GONE.has(code ?? '') || told) return
    told = true
    process.stderr.write(`Warning: the result could not be written to stdout: ${message}\n`)
  })
  process.stderr.on('error', () => {})
}

const GONE = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

type Write = (text: string, done: () => void) => void

const writeError: Write = (text, done) => void process.stderr.write(text, done)

function drained(stream: NodeJS.WriteStream, write: Write): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve()
    else write('', () => resolve())
  })
}
