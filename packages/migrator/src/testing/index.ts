/**
 * Testing: makes runs fail on purpose, and checks that nothing of them is left afterwards. It drives a runner
 * through its public methods and a database through its port; it knows no adapter, no files and no terminal. What it must
 * say to a PostgreSQL server itself stands in server.ts and rows.ts. This file: the public subpath.
 */
export { type Failure, failures, type TransactionMode } from './failure.ts'
export { type RollbackProof, RollbackTester, type VerifyAllOptions, type VerifyOptions } from './rollback-tester.ts'
export type { TestedRunner } from './tested-runner.ts'
