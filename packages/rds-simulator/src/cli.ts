import { once } from 'node:events'
import yargs from 'yargs'
import { arrival } from './arrival.ts'
import { type Flags, readFlags, UsageError } from './flags.ts'
import { createSimulator, type Simulator } from './simulator.ts'
import { stopSignal } from './stop-signal.ts'

const databaseName = 'summit'

/** Serves until Ctrl-C or SIGTERM, then stops and removes all it started. Resolves to the exit code; never rejects. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const stop = stopSignal()
  try {
    const flags = await parse(argv)
    if (flags !== undefined) await serve(flags, stop)
    return 0
  } catch (error) {
    // Ctrl-C reaches every process of the terminal: an initdb that is under way then fails, and that is no news.
    if (stop.aborted) return 0
    process.stderr.write(`${explain(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function serve(flags: Flags, stop: AbortSignal): Promise<void> {
  const simulator = await createSimulator(flags)
  try {
    const databaseUrls = await addDatabases(simulator, flags)
    process.stdout.write(arrival(simulator, flags, databaseUrls))
    if (!stop.aborted) await once(stop, 'abort')
    process.stderr.write('Stopping …\n')
  } finally {
    await simulator.close()
  }
}

async function addDatabases(simulator: Simulator, { instance, cluster }: Flags) {
  const { databaseUrl } = await simulator.addInstance({ id: instance, databaseName })
  const added = cluster === undefined ? undefined : await simulator.addCluster({ id: cluster, databaseName })
  return { instance: databaseUrl, cluster: added?.databaseUrl }
}

/** Undefined when help was asked for, and given. */
async function parse(argv: readonly string[]): Promise<Flags | undefined> {
  let told = ''
  const parsed = await yargs()
    .scriptName('rds-simulator')
    .usage(
      'pnpm --filter @repo/rds-simulator start [options]\n\nAn Amazon RDS on loopback: real PostgreSQL servers, real snapshots, for as long as this runs.',
    )
    .parserConfiguration({ 'parse-numbers': false, 'duplicate-arguments-array': false, 'boolean-negation': false })
    .options({
      port: {
        type: 'string',
        requiresArg: true,
        describe: 'Where to listen on 127.0.0.1',
        defaultDescription: 'any free',
      },
      region: {
        type: 'string',
        requiresArg: true,
        describe: 'The region that has the instances',
        default: 'us-east-1',
      },
      instance: {
        type: 'string',
        requiresArg: true,
        describe: 'Identifier of the DB instance',
        default: 'summit-prod',
      },
      cluster: { type: 'string', requiresArg: true, describe: 'Add an Aurora cluster of this identifier' },
      'snapshot-seconds': { type: 'string', requiresArg: true, describe: 'How long a snapshot takes', default: '3' },
    })
    .strict()
    .version(false)
    .help()
    .exitProcess(false)
    .fail((message, error) => {
      throw new UsageError(message ?? error?.message ?? 'The command cannot be read.')
    })
    // A package manager hands the separator on.
    .parseAsync([...argv.filter((word) => word !== '--')], {}, (_error, _argv, output) => {
      told = output
    })
  if (told !== '') process.stdout.write(`${told}\n`)
  return parsed.help === true ? undefined : readFlags(parsed)
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE')
    return 'That port is taken. Choose another with --port, or leave --port out.'
  return 'hint' in error && typeof error.hint === 'string' ? `${error.message}\n${error.hint}` : error.message
}
