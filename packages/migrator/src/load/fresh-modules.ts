import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SourceFile } from '../core/migration.ts'
import { checksumOf } from './checksum.ts'
import { importsChecksumOf, localImports } from './local-imports.ts'
import { type Redirect, startRedirecting } from './node-hooks.ts'

/**
 * Node keeps every JavaScript file that it has loaded until the process ends, so an edited one would run as it was. Before a
 * module is imported this has Node load those of its files anew that differ from what the process has loaded so far, or
 * import one that does. What is kept: of each file a checksum, and of each edit that was loaded one more module in Node.
 */
export function freshenModules(directory: string, sources: readonly SourceFile[]): void {
  for (const { path, content } of sources) {
    const file = realpathSync(resolve(directory, path))
    const version = checksumOf(`${content}\0${importsChecksumOf(localImports(directory, path, content))}`)
    const known = loaded.get(file)
    if (known?.current === version) continue
    loaded.set(file, { first: known?.first ?? version, current: version })
    if (known) loadAnew(file, version === known.first ? undefined : version)
  }
}

interface Versions {
  /** The one that Node has under the file's plain URL. */
  readonly first: string
  readonly current: string
}

const loaded = new Map<string, Versions>()
const required = createRequire(import.meta.url).cache
let redirect: Redirect | undefined

function loadAnew(file: string, version: string | undefined): void {
  redirect ??= startRedirecting()
  redirect(pathToFileURL(file).href, version)
  delete required[file]
}
