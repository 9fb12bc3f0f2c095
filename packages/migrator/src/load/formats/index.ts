import { dbmate, dbmateSections } from './dbmate.ts'
import { drizzleJournal } from './drizzle-journal.ts'
import { flyway } from './flyway.ts'
import type { Format, Listing, OtherTool } from './format.ts'
import { goose, gooseSections } from './goose.ts'
import { liquibase, liquibaseSections } from './liquibase.ts'
import { drizzleFolders, prisma } from './migration-folders.ts'
import { nodePgMigrate, pgMigrateSections } from './node-pg-migrate.ts'
import { atlas, numberedFiles, supabase } from './numbered-files.ts'
import { otherTools } from './other-tools.ts'
import type { Sections } from './sections.ts'
import { upDownFolders } from './up-down-folders.ts'

/** Every format that loads. The first that matches reads the folder, so the ones with the clearest marks come first. */
export const formats: readonly Format[] = [
  drizzleJournal,
  drizzleFolders,
  prisma,
  upDownFolders,
  liquibase,
  goose,
  dbmate,
  nodePgMigrate,
  flyway,
  atlas,
  supabase,
  numberedFiles,
]

/** The format of a folder; undefined for this tool's own pairs and modules, which golang-migrate and sqlx share. */
export function formatOf(listing: Listing): Format | undefined {
  return formats.find((format) => format.matches(listing))
}

/** The tool that a folder belongs to, where its migrations cannot be loaded. */
export function otherToolOf(listing: Listing): { tool: OtherTool; file: string } | undefined {
  for (const tool of otherTools) {
    const file = tool.find(listing)
    if (file !== undefined) return { tool, file }
  }
  return undefined
}

/** Whether a folder in which nothing was recognised was meant to hold migrations. */
export function looksLikeMigrations({ files, folders, filesIn }: Listing): boolean {
  const isScript = (name: string) => /\.(?:sql|go|rb|py|php|exs|xml)$/.test(name)
  return files.some(isScript) || folders.some((folder) => filesIn(folder).some(isScript))
}

/** The directions that one file holds, whichever tool wrote it; undefined for a text without any tool's marks. */
export function sectionsOf(text: string): Sections | undefined {
  return liquibaseSections(text) ?? gooseSections(text) ?? dbmateSections(text) ?? pgMigrateSections(text)
}
