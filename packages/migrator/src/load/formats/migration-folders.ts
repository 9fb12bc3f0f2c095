import type { FileProblem } from '../../core/file-problem.ts'
import type { Draft, Format, Listing } from './format.ts'

/** drizzle-kit 1: `TIMESTAMP_name/migration.sql` beside `snapshot.json`. */
export const drizzleFolders: Format = {
  name: 'drizzle-kit 1',
  matches: (listing) => foldersOf(listing).some((folder) => listing.filesIn(folder).includes('snapshot.json')),
  read: (listing) => ({
    drafts: foldersOf(listing).map((folder) => draftOf(listing, folder)),
    journal: new Map(foldersOf(listing).map((folder) => [folder, timeOf(folder)])),
  }),
}

/** Prisma: `TIMESTAMP_name/migration.sql` below `migration_lock.toml`. */
export const prisma: Format = {
  name: 'Prisma',
  matches: (listing) => foldersOf(listing).length > 0,
  read: (listing) => ({
    drafts: foldersOf(listing).map((folder) => draftOf(listing, folder)),
    problems: otherDatabase(listing),
    duplicateNumbers: 'allowed',
  }),
}

function foldersOf({ folders, filesIn }: Listing): readonly string[] {
  return folders.filter((folder) => /^\d/.test(folder) && filesIn(folder).includes('migration.sql'))
}

/** `20240131120000_name` is a time in UTC; drizzle-kit 1 records it as `created_at`. */
function timeOf(folder: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(folder)?.map(Number) ?? []
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
}

/** Neither tool has downs; teams that want one keep it in the same folder. */
function draftOf({ filesIn }: Listing, folder: string): Draft {
  const down = filesIn(folder).includes('down.sql') ? { down: { path: `${folder}/down.sql` } } : {}
  return { id: folder, up: { path: `${folder}/migration.sql` }, ...down, downBelongsIn: `${folder}/down.sql` }
}

function otherDatabase({ text }: Listing): readonly FileProblem[] {
  const provider = /^[ \t]*provider[ \t]*=[ \t]*"(\w+)"/m.exec(text('migration_lock.toml') ?? '')?.[1]
  if (provider === undefined || /^postgres/.test(provider)) return []
  const path = 'migration_lock.toml'
  return [{ kind: 'unsupported', path, message: `${path} is for ${provider}; this tool migrates PostgreSQL.` }]
}
