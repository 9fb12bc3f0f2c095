import { type Account, defaultQuotas, emptyAccount, type Quotas } from './account.ts'
import { createApi } from './api.ts'
import { createControl } from './control.ts'
import { createFaults, type Fault } from './faults.ts'
import { createFront } from './front.ts'
import { createHome, removeAbandonedHomes, removeHome } from './home.ts'
import { listen } from './listen.ts'
import { type Addresses, accountId } from './naming.ts'
import { createServers } from './postgres/servers.ts'
import { createRequests, type RecordedRequest } from './requests.ts'
import { createScene, type Scene } from './scene.ts'
import type { Timing, World } from './world.ts'

export interface SimulatorOptions extends Partial<Timing> {
  /** The one region that has instances. Default us-east-1. */
  readonly region?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** Default `loopback`, which clients can connect to; `amazon` gives hosts in Amazon's form, which they cannot. */
  readonly addresses?: Addresses
  readonly quotas?: Partial<Quotas>
  /** No answer lists more than so many, to make paging visible with few. Default 100. */
  readonly pageSize?: number
  /** Told of failures of the simulator itself, which clients see as InternalFailure. Default: a line on stderr. */
  readonly onError?: (error: unknown) => void
}

export interface Simulator extends Scene {
  /** For `endpoint` of an RDSClient, or AWS_ENDPOINT_URL_RDS. */
  readonly url: string
  readonly region: string
  readonly accountId: string
  /** Stays until it is cleared, or for `times` requests. */
  fault(fault: Fault): void
  /** All is well again, also for instances that a fault gave a status. */
  clearFaults(): void
  /** The active ones. */
  readonly faults: readonly Fault[]
  /** Every API request so far, refused ones too. */
  readonly requests: readonly RecordedRequest[]
  clearRequests(): void
  /** Finishes what is being answered, stops every PostgreSQL it started and removes its folder. May be called twice. */
  close(): Promise<void>
}

const defaultTiming: Timing = { snapshotMs: 200, createMs: 100, modifyMs: 50, deleteMs: 50 }

/**
 * Starts an RDS on loopback, with no instance yet; it can be used when this resolves. First it clears away what simulators
 * that were killed have left. Throws the system's error when the port cannot be had; nothing remains then.
 */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  await removeAbandonedHomes()
  const home = await createHome()
  const servers = createServers(home)
  const region = options.region ?? 'us-east-1'
  const faults = createFaults(Date.now)
  const requests = createRequests(Date.now)
  const worldOf = createWorlds(options, region, (account) => ({ account, servers, faults, ...shared(options) }))
  const onError = options.onError ?? tell
  const scene = createScene(worldOf(region))
  const control = createControl({ scene, faults, requests, world: worldOf(region), onError })
  const front = createFront(createApi({ worldOf, requests, onError }), control, faults)
  const listening = await listen(options.port ?? 0, front).catch(async (error: unknown) => {
    await removeHome(home)
    throw error
  })
  let closed: Promise<void> | undefined
  return {
    ...scene,
    url: listening.url,
    region,
    accountId,
    fault: faults.add,
    clearFaults: faults.clear,
    get faults() {
      return faults.list()
    },
    get requests() {
      return requests.list()
    },
    clearRequests: requests.clear,
    close() {
      closed ??= listening
        .close()
        .then(servers.close)
        .then(() => removeHome(home))
      return closed
    },
  }
}

function shared(options: SimulatorOptions): Omit<World, 'account' | 'servers' | 'faults'> {
  const { snapshotMs, createMs, modifyMs, deleteMs } = { ...defaultTiming, ...options }
  return {
    timing: { snapshotMs, createMs, modifyMs, deleteMs },
    addresses: options.addresses ?? 'loopback',
    pageSize: options.pageSize ?? 100,
    now: Date.now,
  }
}

// Another region is another account, as far as anybody can see: it starts empty.
function createWorlds(
  { quotas }: SimulatorOptions,
  home: string,
  worldWith: (account: Account) => World,
): (region: string) => World {
  const worlds = new Map<string, World>()
  const open = (region: string) => {
    const world = worldWith(emptyAccount(region, { ...defaultQuotas, ...quotas }))
    worlds.set(region, world)
    return world
  }
  open(home)
  return (region) => worlds.get(region) ?? open(region)
}

function tell(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
}
