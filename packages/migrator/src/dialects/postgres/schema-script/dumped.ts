import { MigratorError } from '../../../errors.ts'
import type { DatabaseLocation } from '../../../ports/location.ts'
import { endText, startChild } from '../backup/pg-dump/child.ts'
import { childEnvironment, databaseArgument } from '../backup/pg-dump/child-environment.ts'
import type { Programs } from '../backup/pg-dump/programs.ts'

export interface DumpOptions {
  readonly connectionString: string
  readonly location: DatabaseLocation
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** A table that others keep locked must not keep the command waiting for ever. */
const LOCK_WAIT_MS = 60_000

/** The database's schema as pg_dump writes it, without these relations and schemas (names quoted). Rejects with BASELINE_REFUSED. */
export async function dumpSchema(
  { dump, version, folder }: Pick<Programs, 'dump' | 'version' | 'folder'>,
  { connectionString, location, environment, signal }: DumpOptions,
  leftOut: { readonly relations: readonly string[]; readonly schemas: readonly string[] },
): Promise<string> {
  const child = startChild(
    dump,
    [
      ...['--schema-only', '--no-subscriptions', '--no-password', `--lock-wait-timeout=${LOCK_WAIT_MS}`],
      ...leftOut.relations.map((name) => `--exclude-table=${name}`),
      ...leftOut.schemas.map((name) => `--exclude-schema=${name}`),
      databaseArgument(location.database),
    ],
    childEnvironment(connectionString, location, environment),
    signal,
  )
  child.stdin.end()
  const [text, ended] = await Promise.all([textOf(child.stdout), child.ended])
  signal.throwIfAborted()
  if (ended.code === 0) return text
  throw new MigratorError('BASELINE_REFUSED', `pg_dump ${version} ${endText(ended)}`, {
    hint: 'Correct what pg_dump complains about, then run the command again. Nothing was written.',
    details: { version, folder },
  })
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
