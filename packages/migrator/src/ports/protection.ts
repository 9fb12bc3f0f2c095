import type { DatabaseLocation } from './location.ts'
import type { Session } from './session.ts'

/** A mark in the database that it is protected, regardless of who connects and from where. */
export interface ProtectionMark {
  /** The database's name when it was marked: the mark does not protect a copy with another name. */
  readonly database: string
  /** ISO 8601. */
  readonly at: string
  readonly by: string | null
}

/** Keeps the mark in the database itself. */
export interface ProtectionMarks {
  /** The mark, and the database's own name, which may differ from the name used through a pooler or tunnel. */
  read(on: Session): Promise<{ readonly database: string; readonly mark: ProtectionMark | undefined }>
  /** Rejects with PERMISSION_DENIED if the role does not own the database. */
  set(on: Session, mark: Omit<ProtectionMark, 'database'>): Promise<void>
  remove(on: Session): Promise<void>
}

/** The protection setting in a configuration: for every database, or by location. */
export type ProtectedSetting = boolean | ((location: DatabaseLocation) => boolean | Promise<boolean>)

export interface Protection {
  readonly protected: boolean
  /** What decided: the database's mark, the configuration, NODE_ENV=production, or the host. */
  readonly by: 'mark' | 'configuration' | 'environment' | 'host'
  /** The mark that decided, or a mark of another database that was copied along and has no effect. */
  readonly mark?: ProtectionMark | undefined
  /** The database's own name. */
  readonly database: string
}
