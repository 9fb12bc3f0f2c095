import { statementText } from '../core/figures.ts'
import { locationOf } from '../dialects/postgres/connection/location.ts'
import { readConnection } from '../dialects/postgres/connection/read.ts'
import type { ScratchContext } from '../ports/scratch.ts'
import { withScratchServer } from '../runner/scratch.ts'
import type { CliEnvironment } from './command-context.ts'
import { leftRunning, scratchIdleMs, startScratchEmbedded, stopScratchEmbedded } from './embedded.ts'
import type { ScratchFlags } from './scratch-options.ts'

/** The scratch server that flags or configuration name, otherwise the embedded one, for as long as `work` lasts. */
export async function withScratch<T>(
  { scratchUrl }: ScratchFlags,
  environment: CliEnvironment,
  live: string | undefined,
  work: (context: ScratchContext) => Promise<T>,
): Promise<T> {
  const { config, signal } = environment
  const { doing } = environment.output
  const onStep: ScratchContext['onStep'] = (id, direction, statement) =>
    doing([`Trying ${id} ${direction} on a scratch database`, statementText(statement)].filter(Boolean).join(', '))
  const use = (url: string, from: string) => {
    doing('Making a scratch database')
    return withScratchServer({ url, from, live, historyTable: config.config.historyTable, signal, onStep }, work)
  }
  if (scratchUrl !== undefined) return use(scratchUrl, '--scratch-url')
  if (config.config.scratchUrl !== undefined) return use(config.config.scratchUrl, 'scratchUrl')
  const embedded = await startScratchEmbedded(environment)
  try {
    return await use(embedded.urlOf('postgres'), 'embedded')
  } finally {
    // Beside a database elsewhere nobody expects a server to be left running here.
    if (embedded.startedNow && live !== undefined && !locationOf(readConnection(live)).local) {
      await stopScratchEmbedded(environment)
    } else if (embedded.startedNow) {
      environment.output.note(leftRunning(embedded, scratchIdleMs(config)))
    }
  }
}
