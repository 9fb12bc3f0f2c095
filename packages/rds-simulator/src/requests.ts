import type { Query } from './wire/query.ts'

/** One request as it came, in the order of arrival. Passwords are not kept; of the signature only the region is. */
export interface RecordedRequest {
  readonly at: string
  readonly action: string
  readonly region: string
  readonly params: Readonly<Record<string, string>>
  /** The refusal's code; undefined for an answer, or while it is still being worked on. */
  readonly error: string | undefined
}

export interface Requests {
  record(query: Query): { ended(error: string): void }
  list(): readonly RecordedRequest[]
  clear(): void
}

const secret = /password|X-Amz/i

export function createRequests(clock: () => number): Requests {
  let recorded: RecordedRequest[] = []
  return {
    record({ action, region, params }) {
      const kept = Object.fromEntries([...params].map(([name, value]) => [name, secret.test(name) ? '…' : value]))
      const request = {
        at: new Date(clock()).toISOString(),
        action,
        region,
        params: kept,
        error: undefined as string | undefined,
      }
      recorded.push(request)
      return {
        ended(error) {
          request.error = error
        },
      }
    },
    list: () => [...recorded],
    clear() {
      recorded = []
    },
  }
}
