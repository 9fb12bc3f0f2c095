import { compareText } from '../../core/migration.ts'
import type { Listing } from './format.ts'

/** A listing of files that exist only here, by path: for the tests of formats. */
export function listingOf(files: Readonly<Record<string, string>>, path = '/migrations'): Listing {
  const inFolders = Object.keys(files).flatMap((file) => (file.includes('/') ? [file.split('/')[0] ?? ''] : []))
  return {
    path,
    files: Object.keys(files).filter((file) => !file.includes('/')),
    folders: [...new Set(inFolders)].sort(compareText),
    filesIn: (folder) =>
      Object.keys(files).flatMap((file) => {
        const [first, second, ...deeper] = file.split('/')
        return first === folder && second !== undefined && deeper.length === 0 ? [second] : []
      }),
    filesBelow: (folder) => Object.keys(files).filter((file) => file.startsWith(`${folder}/`)),
    text: (file) => files[file],
  }
}

/** The file names that begin with a digit and end in `.sql`, without those of pairs. */
export function singleFiles({ files }: Listing): readonly string[] {
  return files.filter((name) => /^\d.*\.sql$/.test(name) && !/\.(?:up|down|seed)\.sql$/.test(name))
}

/** `0001_a.sql` → `0001_a`. */
export function stemOf(name: string): string {
  return name.replace(/\.sql$/, '')
}
