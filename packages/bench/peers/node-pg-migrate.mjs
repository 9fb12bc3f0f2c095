// node-pg-migrate's runner. argv: the URL, the folder, "single" or "each". https://salsita.github.io/node-pg-migrate/api
import { runner } from 'node-pg-migrate'

const [databaseUrl, dir, transaction] = process.argv.slice(2)
await runner({
  databaseUrl,
  dir,
  direction: 'up',
  migrationsTable: 'pgmigrations',
  singleTransaction: transaction === 'single',
  log: () => {},
})
