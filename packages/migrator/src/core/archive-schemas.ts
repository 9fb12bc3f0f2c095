/** Schemas in which the migrator keeps rows: its own, and so left out of what is compared for drift. */
export const DEFAULT_ARCHIVE_SCHEMA = 'migration_archive'
