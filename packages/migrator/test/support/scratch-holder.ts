import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { replaceDatabase } from '../../src/dialects/postgres/connection/split.ts'
import { createScratchServer } from '../../src/dialects/postgres/scratch/server.ts'

/** A process that makes a scratch database, says its name, and waits to be killed. */
const url = process.argv[2] ?? ''
const admin = new PostgresAdapter({ connectionString: url })
const server = await createScratchServer({
  name: 'PostgreSQL %',
  admin: () => admin.connect({ modules: false }),
  open: (database) => new PostgresAdapter({ connectionString: replaceDatabase(url, database) }),
})
const scratch = await server.empty()
await scratch.database.connect({ modules: false })
process.stdout.write(scratch.name)
setInterval(() => {}, 1_000)
