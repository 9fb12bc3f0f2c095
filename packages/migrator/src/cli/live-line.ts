import { fitting, type Style } from '../report/style.ts'

/** What a command is doing now, as the last line of a terminal, for as long as nothing else has been said for two seconds. */
export interface LiveLine {
  doing(text: string): void
  /** Takes the line away, and shows none any more. */
  end(): void
}

export const noLiveLine: LiveLine = { doing: () => {}, end: () => {} }

const AFTER_MS = 2_000
const TICK_MS = 1_000
const CLEAR = '\r\u001b[2K'

/**
 * Draws on `stream`, and takes its line away before anything else is written there: whoever writes need not know of it. It
 * waits while the last thing written has not ended its line, a prompt for instance.
 */
export function liveLine(stream: NodeJS.WriteStream, { colours }: Style): LiveLine {
  const startedMs = performance.now()
  const original = stream.write
  const write = stream.write.bind(stream) as (text: string) => boolean
  let text = ''
  let quietSinceMs = startedMs
  let drawnMs = startedMs
  let isDrawn = false
  let lineEnded = true
  stream.write = ((...args: Parameters<typeof write>) => {
    clear()
    quietSinceMs = performance.now()
    const said = String(args[0])
    if (said !== '') lineEnded = said.endsWith('\n') || said.endsWith(CLEAR)
    return write(...args)
  }) as typeof stream.write
  const timer = setInterval(draw, TICK_MS).unref()
  return {
    doing(now) {
      text = now
      // Work that never waits leaves the timer no turn.
      if (performance.now() - drawnMs >= TICK_MS) draw()
    },
    end() {
      clearInterval(timer)
      clear()
      stream.write = original
    },
  }

  function draw(): void {
    const nowMs = performance.now()
    if (!lineEnded || text === '' || nowMs - quietSinceMs < AFTER_MS) return
    const elapsed = `  ${Math.floor((nowMs - startedMs) / 1000)} s`
    const room = (stream.columns || 80) - 1 - MARK.length - elapsed.length
    write(`${CLEAR}${colours.cyan(MARK)}${fitting(text, room)}${colours.dim(elapsed)}`)
    isDrawn = true
    drawnMs = nowMs
  }

  function clear(): void {
    if (isDrawn) write(CLEAR)
    isDrawn = false
  }
}

const MARK = '  … '
