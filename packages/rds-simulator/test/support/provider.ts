import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@repo/migrator'
import { createRdsProvider, type RdsProviderOptions } from '@repo/migrator/rds'
import { afterEach, beforeEach, vi } from 'vitest'
import type { Simulator } from '../../src/index.ts'

export type Provider = ReturnType<typeof createRdsProvider>
type Scope = Parameters<Provider['before']>[0]
type Watch = Parameters<Provider['before']>[1]

/** The SDK's own chain finds these; the simulator takes any. */
export function withCredentials(): void {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'anything')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
}

/** The provider as the commands make it, quick where the test is not about waiting. */
export function providerAt({ url, region }: Simulator, more: Partial<RdsProviderOptions> = {}): Provider {
  return createRdsProvider({
    name: 'auto',
    host: 'db.internal',
    region,
    endpoint: url,
    pollIntervalMs: 100,
    timeoutMs: 20_000,
    retryPauseMs: 2,
    toolVersion: '1.2.3',
    clock: wallClock,
    resolveCname: () => Promise.resolve([]),
    ...more,
  })
}

export function scopeOf(more: Partial<Scope> = {}): Scope {
  return {
    kind: 'run',
    operation: 'rollback',
    runId: 'run-1',
    steps: [{ id: '0002_add_orders', direction: 'down' }],
    database: { host: 'db.internal', port: 5432, database: 'app', user: 'app', local: false },
    operator: { gitCommit: 'a1b2c3d' },
    askedAt: new Date(),
    ...more,
  }
}

export interface Watched {
  readonly watch: Watch
  readonly began: { readonly id: string; readonly details?: Readonly<Record<string, unknown>> }[]
  readonly progress: Parameters<Watch['progress']>[0][]
  readonly messages: () => string
  abort(reason?: unknown): void
}

export function watched(onProgress: (message: string, all: Watched) => void = () => {}): Watched {
  const controller = new AbortController()
  const all: Watched = {
    began: [],
    progress: [],
    messages: () => all.progress.map(({ message }) => message).join('\n'),
    abort: (reason) => controller.abort(reason),
    watch: {
      signal: controller.signal,
      began(backup) {
        all.began.push(backup)
        return Promise.resolve()
      },
      progress(event) {
        all.progress.push(event)
        onProgress(event.message, all)
      },
    },
  }
  return all
}

export interface Refusal {
  readonly code: string
  readonly exitCode: number
  readonly message: string
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>
}

/** What a call that must fail is refused with. Anything but an error of the migrator fails the test. */
export async function refused(call: Promise<unknown>): Promise<Refusal> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in outcome) throw new Error(`it was not refused: ${JSON.stringify(outcome.value)}`)
  const { error } = outcome
  if (!(error instanceof Error) || error.name !== 'MigratorError') throw error
  return error as unknown as Refusal
}

const wallClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
}
