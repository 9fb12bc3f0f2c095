import { defineConfig } from '@repo/migrator/config'

/** What the engine needs to know here. Paths are relative to this folder. */
export default defineConfig({
  migrations: 'src/migrations',
  strict: true,
  logFile: '../../logs/migrations.jsonl',
  dataDirectory: '../../.data',
  embedded: true,
  embeddedDatabase: 'analytics',
})
