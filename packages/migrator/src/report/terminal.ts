import type { EventSink, RunEvent } from '../ports/events.ts'
import { duration, fitting, type Style } from './style.ts'

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * Progress for a person, on stderr: on a terminal one live line with the elapsed time under the finished steps;
 * elsewhere plain lines, and of a long step one every ten seconds. `speak` writes commands as they are called here.
 */
export function terminalSink(
  stream: Stream,
  { colours }: Style,
  speak: (text: string) => string = (text) => text,
): EventSink {
  let live = ''
  let lastTold = 0
  let saidLast: { readonly version: string | undefined; readonly durationMs: number } | undefined
  let backupToldMs: number | undefined
  return {
    emit(event) {
      if (event.kind === 'step-started') show(underway(`${event.version}${place(event)}`))
      else if (event.kind === 'step-progress') progress(event)
      else if (event.kind === 'backup-progress') backupProgress(withElapsed(event))
      else {
        const text = lineOf(event, colours)
        if (text !== undefined) print(speak(text))
      }
    },
    async flush() {
      show('')
    },
  }

  function progress(event: RunEvent): void {
    const text = `  ${colours.cyan('…')} ${event.message}${place(event)}`
    show(underway(`${event.message}${place(event)}`))
    if (!stream.isTTY) (event.details?.done === undefined ? told : said)(event, text)
  }

  function told(event: RunEvent, text: string): void {
    const seconds = Math.floor((event.durationMs ?? 0) / 1000)
    if (seconds >= 2 && (seconds % 10 === 0 || seconds - lastTold >= 10)) {
      lastTold = seconds
      print(text)
    }
  }

  /** What a migration says of itself, elsewhere than on a terminal: its first report, then a line every five seconds, and its last. */
  function said({ version, durationMs = 0, details }: RunEvent, text: string): void {
    const soon = saidLast !== undefined && saidLast.version === version && durationMs - saidLast.durationMs < 5_000
    if (soon && details?.done !== details?.total) return
    saidLast = { version, durationMs }
    print(text)
  }

  /** Elsewhere than on a terminal: the first news, then at most one line every five seconds. */
  function backupProgress(event: RunEvent): void {
    const text = `  ${colours.cyan('…')} ${event.message}`
    show(underway(event.message))
    const nowMs = event.durationMs ?? 0
    if (stream.isTTY || (backupToldMs !== undefined && nowMs >= backupToldMs && nowMs - backupToldMs < 5_000)) return
    backupToldMs = nowMs
    print(text)
  }

  /** In one line, because only one can be taken away again. */
  function underway(text: string): string {
    return `  ${colours.cyan('…')} ${stream.isTTY ? fitting(text, (stream.columns || 80) - 5) : text}`
  }

  function print(text: string): void {
    show('')
    stream.write(`${text}\n`)
  }

  function show(text: string): void {
    if (!stream.isTTY || text === live) return
    stream.write(`\r\u001b[2K${text}`)
    live = text
  }
}

function withElapsed(event: RunEvent): RunEvent {
  const percent = event.details?.percent
  const part = typeof percent === 'number' ? ` ${Math.round(percent)} %` : ''
  return { ...event, message: `${event.message}${part}  ${duration(event.durationMs)}` }
}

function place({ index, total }: RunEvent): string {
  return total !== undefined && total > 1 ? ` (${index} of ${total})` : ''
}

function lineOf(event: RunEvent, colours: Style['colours']): string | undefined {
  const took = event.durationMs === undefined ? '' : colours.dim(`  ${duration(event.durationMs)}`)
  switch (event.kind) {
    case 'step-applied':
      return `  ${colours.green('✓')} ${event.version}${took}`
    case 'step-reverted':
      return `  ${colours.yellow('↩')} ${event.version}${took}`
    case 'step-failed':
      return `  ${colours.red('✗')} ${event.version}`
    case 'record-dropped':
      return `  ${colours.red('!')} ${colours.bold(event.message)}`
    case 'backup-taken':
      return `  ${colours.green('✓')} ${event.message}${took}`
    case 'backup-failed':
      return `  ${colours.red('✗')} ${event.message}`
    case 'backup-started':
      return colours.dim(`  ${event.message}`)
    case 'backup-restored':
      return colours.yellow(event.message)
    // Other commands report their changes themselves; a run records replacements on the side.
    case 'history-changed':
      return event.version !== undefined && event.versions ? `  ${colours.green('✓')} ${event.message}` : undefined
    case 'dirty-found':
      return colours.yellow(`${event.message}: ${event.versions?.join(', ')}`)
    case 'recovered':
      return `  ${colours.yellow('↩')} ${event.message}`
    case 'lock-waiting':
    case 'step-retrying':
    case 'warning':
      return colours.yellow(event.message)
    case 'data-preserved':
    case 'data-put-back':
      return event.level === 'warn' ? colours.yellow(event.message) : `  ${event.message}`
    case 'notice':
      return colours.dim(`  ${event.message}`)
    default:
      return undefined
  }
}
