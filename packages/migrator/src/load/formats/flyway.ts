import type { FileProblem } from '../../core/file-problem.ts'
import type { Draft, Format, Listing } from './format.ts'
import { stemOf } from './listing.ts'

const VERSIONED = /^V(\d+(?:[._]\d+)*)__.+\.sql$/
const REPEATABLE = /^R__.+\.sql$/
const BASELINE = /^B\d+(?:[._]\d+)*__.+\.sql$/

/** Flyway: `V2.1__name.sql` up, `U2.1__name.sql` down. Repeatable migrations have no place in a history, and are named. */
export const flyway: Format = {
  name: 'Flyway',
  matches: ({ files }) => files.some((name) => VERSIONED.test(name)),
  read: (listing) => ({
    drafts: listing.files.filter((name) => VERSIONED.test(name)).map((name) => draftOf(listing, name)),
    problems: listing.folders.flatMap((folder) => listing.filesBelow(folder)).flatMap(inSubfolder),
    warnings: listing.files.flatMap(notLoaded),
  }),
}

function draftOf(listing: Listing, name: string): Draft {
  const version = flywayVersion(name)
  const undo = listing.files.find((file) => /^U\d/.test(file) && flywayVersion(file.replace(/^U/, 'V')) === version)
  const outside = [`${name}.conf`, `${stemOf(name)}.conf`].some((file) =>
    /^[ \t]*executeInTransaction[ \t]*=[ \t]*false/m.test(listing.text(file) ?? ''),
  )
  return {
    id: stemOf(name),
    up: { path: name },
    ...(undo === undefined ? {} : { down: { path: undo } }),
    ...(outside ? { transactional: false } : {}),
    downBelongsIn: name.replace(/^V/, 'U'),
  }
}

/** `V2_1__add.sql` → `2.1`, as its history writes it. */
export function flywayVersion(name: string): string | undefined {
  return VERSIONED.exec(name)?.[1]?.replaceAll('_', '.')
}

function notLoaded(path: string): readonly FileProblem[] {
  if (REPEATABLE.test(path)) {
    const message = `${path} is a repeatable migration and is not run; put each of its changes into a new migration`
    return [{ kind: 'unsupported', path, message }]
  }
  if (!BASELINE.test(path)) return []
  return [{ kind: 'unsupported', path, message: `${path} is a baseline migration and is not run` }]
}

/** Flyway runs files in subfolders, too: to ignore one would skip a migration. */
function inSubfolder(path: string): readonly FileProblem[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (!/^(?:[VUB]\d|R__).*\.sql$/.test(name)) return []
  const message = `${path} is in a subfolder, and would not be run; move it up into the migrations directory`
  return [{ kind: 'unsupported', path, message }]
}
