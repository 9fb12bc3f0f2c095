import { spawn } from 'node:child_process'
import { inject } from 'vitest'

/** A command on a terminal of its own: what it wrote to stdout and stderr, as the terminal received it. */
export interface OnTerminal {
  readonly received: () => string
  readonly finished: Promise<{ code: number | null; received: string }>
  kill(): void
}

export interface TerminalOptions {
  readonly cwd: string
  readonly columns?: number
  readonly env: Readonly<Record<string, string>>
}

/** Python is the one program with a pseudo-terminal that every machine with a compiler has. */
const PTY = `
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    # The size is set before the program looks at it.
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

export function onTerminal(words: readonly string[], { cwd, columns = 80, env }: TerminalOptions): OnTerminal {
  const { PATH = '', HOME = '' } = process.env
  const command = ['-c', PTY, String(columns), process.execPath, inject('bin'), ...words]
  const child = spawn('python3', command, { cwd, env: { PATH, HOME, TERM: 'xterm', ...env } })
  let received = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk
  })
  const finished = new Promise<{ code: number | null; received: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (complaint === '' ? resolve({ code, received }) : reject(new Error(complaint))))
  })
  return { received: () => received, finished, kill: () => void child.kill('SIGKILL') }
}

const CLEARED = '\r\u001b[2K'

/** Every text that was drawn over again, in order, without colours. */
export function drawn(received: string): readonly string[] {
  return plain(received)
    .split('\n')
    .flatMap((line) => line.split(CLEARED).slice(1))
    .filter((text) => text.trim() !== '')
}

/** What a person sees in the end. */
export function seen(received: string): string {
  return plain(received)
    .split('\n')
    .map((line) => line.split(CLEARED).at(-1) ?? '')
    .join('\n')
}

function plain(received: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
  return received.replace(/\u001b\[\d*(?:;\d+)*m/g, '').replace(/\r\n/g, '\n')
}
