/**
 * The program that RollbackTester starts for `process-kill`: it applies migrations as any process would, tells when it has
 * come to the fault, and is killed there. It can't go wrong alone: without the one who started it, it ends at once.
 */
import { once } from 'node:events'
import type { Migration } from './core/migration.ts'
import { PostgresAdapter } from './dialects/postgres/adapter.ts'
import { linger } from './dialects/postgres/testing/server.ts'
import { MigratorError } from './errors.ts'
import { loadMigrations } from './migration-files.ts'
import { MigrationRunner } from './runner.ts'
import type { KillRequest, WorkerMessage } from './testing/killed-run.ts'
import { type Fault, plantFault } from './testing/planted-fault.ts'

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
const [request] = (await once(process, 'message')) as [KillRequest]
try {
  await run(request)
} catch (error) {
  if (!(error instanceof MigratorError)) throw error
  tell({ kind: 'ended', why: error.message })
}

async function run({ address, directory, failAt, transaction, expected }: KillRequest): Promise<void> {
  const migrations = await loadMigrations(directory)
  const checksums = new Map(migrations.map(({ id, checksum }) => [id, checksum]))
  const others = expected.filter(({ id, checksum }) => checksums.get(id) !== checksum).map(({ id }) => id)
  const migration = migrations.find(({ id }) => id === failAt)
  if (others.length > 0 || !migration) return tell({ kind: 'other-files', ids: others })
  const adapter = new PostgresAdapter(address)
  const planted = plantFault(adapter, migration, faultIn(adapter))
  const runner = new MigrationRunner({ adapter: planted.database, migrationsDirectory: directory })
  const target = { kind: 'id', id: failAt } as const
  const { error } = await runner.apply(migrations.map(plant), { target, transaction })
  tell({ kind: 'ended', why: error?.message ?? 'it went through' })

  function plant(each: Migration): Migration {
    return each === migration ? planted.migration : each
  }
}

function faultIn({ applicationName }: PostgresAdapter): Fault {
  return {
    point: 'middle',
    arrived: () => ask({ kind: 'arrived', applicationName }),
    sending: ({ serverPid }, sql, within) => ask({ kind: 'sending', serverPid, sql, within }),
    async strike(on) {
      const busy = linger(on)
      tell({ kind: 'struck', serverPid: on.serverPid })
      await busy
      throw new Error('nobody killed this process')
    },
  }
}

async function ask(question: WorkerMessage): Promise<void> {
  const answered = once(process, 'message')
  tell(question)
  await answered
}

function tell(telling: WorkerMessage): void {
  process.send?.(telling)
}
