/** Something by name; without a schema it is looked up in the search path. */
export interface TableRef {
  readonly schema?: string | undefined
  readonly name: string
}

/** What a statement destroys of the data that is there, by name; what that means in a database, its catalog tells. */
export type DataLossEffect =
  /** `reach`: whether what depends on it goes too. Of a function or a role the name alone. */
  | {
      readonly kind: 'object'
      readonly object: 'relation' | 'type' | 'schema' | 'extension' | 'function' | 'role'
      readonly ref: TableRef
      readonly reach: 'cascade' | 'restrict'
    }
  | {
      readonly kind: 'column'
      readonly ref: TableRef
      readonly column: string
      readonly reach: 'cascade' | 'restrict'
    }
  | { readonly kind: 'retyped'; readonly ref: TableRef; readonly column: string; readonly type: string }
  /** Its values get others, in some rows or all. */
  | { readonly kind: 'overwritten'; readonly ref: TableRef; readonly column: string }
  | { readonly kind: 'emptied'; readonly ref: TableRef; readonly reach: 'cascade' | 'restrict' }
  /** `from`: what stands behind DELETE FROM, and may stand behind SELECT … FROM. */
  | { readonly kind: 'deleted'; readonly ref: TableRef; readonly alias: string; readonly from: string }
  /** Unqualified names lead elsewhere from here on. */
  | { readonly kind: 'path'; readonly sql: string }
  | { readonly kind: 'untold'; readonly why: string }
