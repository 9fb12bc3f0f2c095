import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { build } from './built.ts'
import { ownServer } from './own-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's URL of the server that all files share; each makes databases of its own on it. */
    readonly serverUrl: string
    /** The built program. */
    readonly bin: string
  }
}

/** One build, and one PostgreSQL for the whole suite: the embedded one, or the one that TEST_DATABASE_URL names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const built = await mkdtemp(join(tmpdir(), 'migrator-built-'))
  const remove = () => rm(built, { recursive: true, force: true })
  project.provide('bin', build(built))
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    project.provide('serverUrl', given)
    return remove
  }
  const server = await ownServer({ max_prepared_transactions: '5' })
  project.provide('serverUrl', server.url)
  return async () => {
    await remove()
    await server.stop()
  }
}
