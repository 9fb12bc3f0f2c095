import { defineConfig } from 'vitest/config'

const onServer = {
  globalSetup: ['test/support/server.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
  maxWorkers: 2,
}

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/contract/contract.memory.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/contract/contract.postgres.test.ts'],
          ...onServer,
        },
      },
      { test: { name: 'model', include: ['test/model/**/*.test.ts'], ...onServer } },
    ],
  },
})
