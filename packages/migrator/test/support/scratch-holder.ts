import { replaceDatabase } from '../../src/connection/split.ts'
import { PostgresAdapter } from '../../src/postgres/adapter.ts'
import { createScratchServer } from '../../src/scratch/server.ts'

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
