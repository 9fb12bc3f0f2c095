import type { DatabaseLocation } from './location.ts'
import type { Session } from './session.ts'

/** A database's own word that it is protected, whoever looks and from wherever. */
export interface ProtectionMark {
  /** The database's name when it was marked: a copy under another name is not protected by it. */
  readonly database: string
  /** ISO 8601. */
  readonly at: string
  readonly by: string | null
}

/** Keeps the mark in the database itself. */
export interface ProtectionMarks {
  /** The mark, and the database's own name: behind a pooler or tunnel it may be called otherwise. */
  read(on: Session): Promise<{ readonly database: string; readonly mark: ProtectionMark | undefined }>
  /** Rejects with PERMISSION_DENIED where the role does not own the database. */
  set(on: Session, mark: Omit<ProtectionMark, 'database'>): Promise<void>
  remove(on: Session): Promise<void>
}

/** What a configuration says of protection: for every database, or by where one is. */
export type ProtectedSetting = boolean | ((location: DatabaseLocation) => boolean | Promise<boolean>)

export interface Protection {
  readonly protected: boolean
  /** What decided: the database's mark, the configuration, NODE_ENV=production, or where it is. */
  readonly by: 'mark' | 'configuration' | 'environment' | 'host'
  /** The mark that decided, or one of another database, which came along with a copy and decides nothing. */
  readonly mark?: ProtectionMark | undefined
  /** The database's own name. */
  readonly database: string
}
