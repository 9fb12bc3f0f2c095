import { defineConfig } from 'vitest/config'

// Integration tests start a PostgreSQL, migrate it, and start the service as a process.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } })
