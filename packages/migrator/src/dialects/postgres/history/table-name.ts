import { MigratorError } from '../../../errors.ts'
import { identifier } from '../script/literal.ts'

/** A table with its schema, both unquoted. */
export interface TableName {
  readonly schema: string
  readonly table: string
}

/** Reads `table` or `schema.table`; the schema is `public` unless told. */
export function parseTableName(text: string): TableName {
  const parts = text.split('.')
  const [first = '', second] = parts
  if (parts.length > 2 || first === '' || second === '') {
    throw new MigratorError('CONFIG_INVALID', `historyTable "${text}" is neither "table" nor "schema.table".`)
  }
  return second === undefined ? { schema: 'public', table: first } : { schema: first, table: second }
}

export function quoted({ schema, table }: TableName): string {
  return `${identifier(schema)}.${identifier(table)}`
}
