import { RdsError } from './wire/error.ts'

/** Trouble that is asked for. It stays until it is cleared, or for so many `times`. */
export type Fault = {
  /** Only for this action (`CreateDBSnapshot`); without it for every one. */
  readonly action?: string
  readonly times?: number
} & (
  | { readonly kind: 'access-denied' | 'expired-token' | 'invalid-token' | 'throttling' }
  /** The quotas of snapshots count as used up. */
  | { readonly kind: 'quota-exceeded' }
  /** The next snapshot's identifier counts as taken. */
  | { readonly kind: 'duplicate-id' }
  /** Concerns snapshots begun while it is active. Default 40 percent. */
  | { readonly kind: 'snapshot-fails' | 'snapshot-never-finishes'; readonly atPercent?: number }
  /** The action is carried out; its answer breaks off in mid-body. */
  | { readonly kind: 'cut-off' }
  /** A load balancer's page instead of the API's answer; nothing is carried out. */
  | { readonly kind: 'html-500' }
  | { readonly kind: 'latency'; readonly ms: number }
  /** The instance, or else the cluster, of this identifier shows the status, for `forMs` if given. */
  | { readonly kind: 'status'; readonly id: string; readonly status: string; readonly forMs?: number }
)

export type FaultKind = Fault['kind']
/** The member of the union that has this kind, perhaps among others. */
export type FaultOf<Kind extends FaultKind> = Fault extends infer One extends Fault
  ? One extends Fault
    ? Kind extends One['kind']
      ? One
      : never
    : never
  : never

export interface Faults {
  add(fault: Fault): void
  clear(): void
  /** Those that are still active, the latest last. */
  list(): readonly Fault[]
  /** The latest active fault of a kind for an action, without using it up. */
  active<Kind extends FaultKind>(kind: Kind, action: string): FaultOf<Kind> | undefined
  /** The same, and one of its `times` is used up. */
  take<Kind extends FaultKind>(kind: Kind, action: string): FaultOf<Kind> | undefined
  statusOf(id: string): string | undefined
}

interface Entry {
  readonly fault: Fault
  readonly endsAt: number
  left: number
}

export function createFaults(clock: () => number): Faults {
  let entries: readonly Entry[] = []

  const find = (matches: (fault: Fault) => boolean) =>
    entries.findLast(({ fault, left, endsAt }) => left > 0 && clock() < endsAt && matches(fault))

  const forAction = (kind: FaultKind, action: string) =>
    find((fault) => fault.kind === kind && (fault.action === undefined || fault.action === action))

  return {
    add(fault) {
      const forMs = fault.kind === 'status' ? fault.forMs : undefined
      const entry = {
        fault,
        left: fault.times ?? Number.POSITIVE_INFINITY,
        endsAt: clock() + (forMs ?? Number.POSITIVE_INFINITY),
      }
      entries = [...entries, entry]
    },
    clear() {
      entries = []
    },
    list: () => entries.filter(({ left, endsAt }) => left > 0 && clock() < endsAt).map(asSeen),
    active: (kind, action) => forAction(kind, action)?.fault as FaultOf<typeof kind> | undefined,
    take(kind, action) {
      const entry = forAction(kind, action)
      if (entry === undefined) return undefined
      entry.left -= 1
      return entry.fault as FaultOf<typeof kind>
    },
    statusOf(id) {
      const fault = find((candidate) => candidate.kind === 'status' && candidate.id === id)?.fault
      return fault?.kind === 'status' ? fault.status : undefined
    },
  }
}

const asSeen = ({ fault, left }: Entry): Fault => (fault.times === undefined ? fault : { ...fault, times: left })

/** Throws RdsError for the faults that refuse a request before it is looked at. `resource` is the ARN it is about. */
export function refuseByFault(faults: Faults, action: string, caller: string, resource: string): void {
  if (faults.take('invalid-token', action)) {
    throw new RdsError('InvalidClientTokenId', 'The security token included in the request is invalid.')
  }
  if (faults.take('expired-token', action)) {
    throw new RdsError('ExpiredToken', 'The security token included in the request is expired')
  }
  if (faults.take('throttling', action)) throw new RdsError('Throttling', 'Rate exceeded')
  denyByFault(faults, action, caller, resource)
}

export function denyByFault(faults: Faults, action: string, caller: string, resource: string): void {
  if (!faults.take('access-denied', action)) return
  const message = `User: ${caller} is not authorized to perform: rds:${action} on resource: ${resource} because no identity-based policy allows the rds:${action} action`
  throw new RdsError('AccessDenied', message)
}
