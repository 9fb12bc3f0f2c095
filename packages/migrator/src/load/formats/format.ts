/**
 * Formats: the folders of other migration tools, recognised by what is in them. Pure over a listing of the folder; each
 * file holds one tool's format, and index.ts names them all.
 * This file: what a format is given, and what it says.
 */
import type { FileProblem } from '../../core/file-problem.ts'

/** A migrations directory. Paths are relative to it, with forward slashes; hidden files are left out. */
export interface Listing {
  readonly path: string
  readonly files: readonly string[]
  readonly folders: readonly string[]
  filesIn(folder: string): readonly string[]
  /** The files at any depth below a folder, as paths from the directory. */
  filesBelow(folder: string): readonly string[]
  /** Undefined for a file that does not exist, or is no text. */
  text(path: string): string | undefined
}

/** A script: a whole file, or a section of one. A section is blanked elsewhere, so that every line keeps its number. */
export interface Part {
  readonly path: string
  readonly section?: string
}

/** A migration as its tool describes it. */
export interface Draft {
  readonly id: string
  readonly up: Part
  readonly down?: Part | undefined
  readonly seed?: Part | undefined
  /** The tool's own mark for a migration outside a transaction. */
  readonly transactional?: false
  /** Where a down would be written, for formats that have none. */
  readonly downBelongsIn?: string
}

/** What a format makes of a folder. */
export interface Recognised {
  readonly drafts: readonly Draft[]
  readonly problems?: readonly FileProblem[]
  readonly warnings?: readonly FileProblem[]
  /** Files that are no migrations of this tool, although they look like some. */
  readonly ignored?: readonly string[]
  /** The times that drizzle-kit's history has for its migrations, by id. */
  readonly journal?: ReadonlyMap<string, number>
  /** The drafts are in the tool's own order, which counts whatever their numbers are. */
  readonly isOrdered?: true
  /** `allowed`: the tool tells two migrations with one number apart. */
  readonly duplicateNumbers?: 'allowed'
}

/** A tool whose folders load. */
export interface Format {
  /** As people know it: "drizzle-kit". */
  readonly name: string
  matches(listing: Listing): boolean
  read(listing: Listing): Recognised
}

/** A tool whose folders do not load: it is named, with what to do instead. */
export interface OtherTool {
  readonly name: string
  /** The file that gives it away. */
  find(listing: Listing): string | undefined
  readonly advice: string
}
