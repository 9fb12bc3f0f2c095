// The public surface: an Amazon RDS on loopback for tests, over real PostgreSQL servers. It must not know the migrator's
// migrations, nor be known by anything but tests and its own command.
export type { Quotas } from './account.ts'
export type { Fault, FaultKind } from './faults.ts'
export type { Addresses } from './naming.ts'
export type { RecordedRequest } from './requests.ts'
export type { Added, AddedCluster, NewCluster, NewInstance, Scene } from './scene.ts'
export { createSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'
export type { Timing } from './world.ts'
