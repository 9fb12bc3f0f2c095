import type { Draft, Format, Listing } from './format.ts'

/** diesel and Hasura: a folder for each migration, with `up.sql` and `down.sql`. */
export const upDownFolders: Format = {
  name: 'diesel or Hasura',
  matches: (listing) => foldersOf(listing).length > 0,
  read: (listing) => ({
    drafts: foldersOf(listing).map((folder) => draftOf(listing, folder)),
    duplicateNumbers: 'allowed',
  }),
}

function foldersOf({ folders, filesIn }: Listing): readonly string[] {
  return folders.filter((folder) => /^\d/.test(folder) && filesIn(folder).includes('up.sql'))
}

/** diesel says in `metadata.toml` that a migration runs outside a transaction. */
function draftOf({ filesIn, text }: Listing, folder: string): Draft {
  const down = filesIn(folder).includes('down.sql') ? { down: { path: `${folder}/down.sql` } } : {}
  const outside = /^[ \t]*run_in_transaction[ \t]*=[ \t]*false/m.test(text(`${folder}/metadata.toml`) ?? '')
  return {
    id: folder,
    up: { path: `${folder}/up.sql` },
    ...down,
    ...(outside ? { transactional: false } : {}),
    downBelongsIn: `${folder}/down.sql`,
  }
}
