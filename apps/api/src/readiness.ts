import type { SchemaStatus } from '@repo/database'

export type Readiness =
  | ({ readonly ready: true } & Findings)
  | ({ readonly ready: false; readonly reason: string } & Partial<Findings>)

type Findings = Omit<SchemaStatus, 'ready' | 'reason'>

export interface ReadinessOptions {
  /** How long an answer is given again, default 1000. Longer is cheaper, and notices later. */
  readonly maxAgeMs?: number
  /** How long a check may take, default 5000. Keep it below the timeout of whoever probes. */
  readonly timeoutMs?: number
  readonly now?: () => number
}

/**
 * Answers whether the schema is what this release needs. However many ask at once, one check runs; its answer is kept
 * for `maxAgeMs`. Never rejects: a check that fails or takes too long means not ready, with the reason.
 */
export function createReadiness(
  schemaStatus: () => Promise<SchemaStatus>,
  { maxAgeMs = 1000, timeoutMs = 5000, now = Date.now }: ReadinessOptions = {},
): () => Promise<Readiness> {
  let current: Promise<Readiness> | undefined
  let freshUntil = Number.POSITIVE_INFINITY
  return () => {
    if (current !== undefined && now() < freshUntil) return current
    freshUntil = Number.POSITIVE_INFINITY
    current = within(timeoutMs, schemaStatus).then(judge, unreachable)
    void current.then(() => {
      freshUntil = now() + maxAgeMs
    })
    return current
  }
}

async function within(timeoutMs: number, schemaStatus: () => Promise<SchemaStatus>): Promise<SchemaStatus> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The database did not answer within ${timeoutMs} ms.`)), timeoutMs)
  })
  try {
    return await Promise.race([schemaStatus(), timeout])
  } finally {
    clearTimeout(timer)
  }
}

function judge({ ready, reason, ...findings }: SchemaStatus): Readiness {
  return ready ? { ready, ...findings } : { ready, reason: printable(reason ?? summary(findings)), ...findings }
}

function unreachable(error: unknown): Readiness {
  return { ready: false, reason: printable(error instanceof Error ? error.message : 'The check failed.') }
}

function summary(findings: Findings): string {
  const parts = Object.entries(findings).filter(([state, ids]) => state !== 'ahead' && ids.length > 0)
  return parts.length === 0
    ? 'The schema is not ready.'
    : parts.map(([state, ids]) => `${state}: ${ids.join(', ')}`).join('; ')
}

/** One line without credentials: anybody may ask. */
function printable(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  return line.replace(/\/\/[^@\s/]*@/g, '//[REDACTED]@').replace(/(password=)[^&\s]*/gi, '$1[REDACTED]')
}
