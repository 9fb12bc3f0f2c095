import type { Argv } from 'yargs'
import { ensureDatabase } from '../../dialects/postgres/scratch/embedded/embedded-server.ts'
import type { Cli } from '../command.ts'
import { embeddedIdleMs, embeddedName, endText, startEmbedded, stopEmbedded, stopScratchEmbedded } from '../embedded.ts'
import { type CommonFlags, commonOptions } from '../options.ts'

export const startCommand = (cli: Cli) => ({
  command: 'start',
  describe: 'Start the embedded PostgreSQL in the background',
  builder: (yargs: Argv) =>
    commonOptions(yargs).usage(
      `${cli.invocation.command('start')}\n\nStart the embedded PostgreSQL in the background, unless it is already running.`,
    ),
  handler: (flags: CommonFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const server = await startEmbedded(environment)
      const name = embeddedName(environment.config)
      await ensureDatabase(server, name)
      const url = server.urlOf(name)
      const { port, pid, dataDirectory, startedNow } = server
      const text = [
        startedNow
          ? `PostgreSQL is running on port ${port} (pid ${pid}), data in ${dataDirectory}.`
          : `PostgreSQL is already running on port ${port} (pid ${pid}).`,
        `Connect with: psql ${url}`,
        endText(embeddedIdleMs(environment.config)),
      ]
      return { document: { url, port, pid, dataDirectory, startedNow }, text: text.join('\n'), tellsAddress: true }
    }),
})

export const stopCommand = (cli: Cli) => ({
  command: 'stop',
  describe: 'Stop the embedded PostgreSQL; its data is kept',
  builder: (yargs: Argv) =>
    commonOptions(yargs).usage(`${cli.invocation.command('stop')}\n\nStop the embedded PostgreSQL. Its data is kept.`),
  handler: (flags: CommonFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const stopped = await stopEmbedded(environment)
      const scratch = await stopScratchEmbedded(environment)
      const text = stopped
        ? `PostgreSQL (pid ${stopped.pid}) was stopped; its data stays in ${stopped.dataDirectory}.`
        : 'The embedded PostgreSQL was not running.'
      const also = scratch ? '\nThe scratch server was stopped too.' : ''
      const document = {
        stopped: stopped !== undefined,
        pid: stopped?.pid ?? null,
        scratchStopped: scratch !== undefined,
      }
      return { document, text: text + also }
    }),
})
