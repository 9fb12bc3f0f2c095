import { ENABLING } from '../../script/enabling.ts'
import { identifier, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { type ColumnShape, qualified, type SequenceShape, type TableShape } from './shape.ts'

/** Makes a table that is gone again, as far as its rows need it: columns, defaults and the sequences of these. */
export async function createPlain(on: SqlSession, shape: TableShape): Promise<void> {
  const name = qualified(shape.schema, shape.table)
  const sequences = shape.sequences.filter((sequence) => !isIdentity(shape, sequence))
  await on.execute(
    [
      ...(await schemaStatements(on, shape.schema)),
      ...sequences.map((each) => `CREATE SEQUENCE IF NOT EXISTS ${qualified(each.schema, each.name)} ${each.options}`),
      `CREATE ${shape.unlogged ? 'UNLOGGED ' : ''}TABLE ${name} (${shape.columns.map((each) => columnText(shape, each)).join(', ')})`,
      ...sequences.flatMap((each) =>
        each.ownedBy === null
          ? []
          : [`ALTER SEQUENCE ${qualified(each.schema, each.name)} OWNED BY ${name}.${identifier(each.ownedBy)}`],
      ),
    ].join(';\n'),
  )
}

/** What comes when the rows are in: keys and checks, indexes, triggers, comments and the owner. */
export async function addRest(on: SqlSession, shape: TableShape): Promise<void> {
  const name = qualified(shape.schema, shape.table)
  const columns = shape.columns.filter(({ comment }) => comment !== null)
  await on.execute(
    [
      ...constraintStatements(shape, (definition) => !isForeignKey(definition)),
      ...shape.indexes,
      ...shape.triggers.flatMap(({ name: trigger, definition, enabled }) => [
        definition,
        ...(enabled !== 'O' ? [`ALTER TABLE ${name} ${ENABLING[enabled]} TRIGGER ${identifier(trigger)}`] : []),
      ]),
      `COMMENT ON TABLE ${name} IS ${literal(shape.comment)}`,
      ...columns.map((each) => `COMMENT ON COLUMN ${name}.${identifier(each.name)} IS ${literal(each.comment)}`),
      ...(shape.rowSecurity ? [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`] : []),
      `ALTER TABLE ${name} OWNER TO ${identifier(shape.owner)}`,
    ].join(';\n'),
  )
}

/** When all tables have their keys again. */
export async function addReferences(on: SqlSession, shape: TableShape): Promise<void> {
  const statements = constraintStatements(shape, isForeignKey)
  if (statements.length > 0) await on.execute(statements.join(';\n'))
}

function constraintStatements(shape: TableShape, wanted: (definition: string) => boolean): readonly string[] {
  const name = qualified(shape.schema, shape.table)
  return shape.constraints
    .filter(({ definition }) => wanted(definition))
    .flatMap(({ name: constraint, definition, comment }) => [
      `ALTER TABLE ${name} ADD CONSTRAINT ${identifier(constraint)} ${definition}`,
      ...(comment === null
        ? []
        : [`COMMENT ON CONSTRAINT ${identifier(constraint)} ON ${name} IS ${literal(comment)}`]),
    ])
}

function isForeignKey(definition: string): boolean {
  return definition.startsWith('FOREIGN KEY')
}

/** What the archive does not keep of a table, for the one who has to add it. */
export function notKeptOf({ rowSecurity }: TableShape): string {
  const policies = rowSecurity ? ', policies (row security is on, so that nobody but its owner sees a row)' : ''
  return `grants, storage options, comments on its indexes and triggers, foreign keys and views of others that led to it${policies}`
}

/** Said only where it is needed: it takes a right that the owner of a table need not have. */
async function schemaStatements(on: SqlSession, schema: string): Promise<readonly string[]> {
  const [row] = await on.query(`SELECT to_regnamespace(${literal(identifier(schema))})::text AS found`)
  return row?.found ? [] : [`CREATE SCHEMA ${identifier(schema)}`]
}

function isIdentity({ columns }: TableShape, { ownedBy }: SequenceShape): boolean {
  return columns.some(({ name, identity }) => name === ownedBy && identity !== '')
}

function columnText(shape: TableShape, column: ColumnShape): string {
  return [
    identifier(column.name),
    column.type,
    column.ownCollation === null ? '' : `COLLATE ${column.ownCollation}`,
    column.notNull ? 'NOT NULL' : '',
    valueText(shape, column),
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function valueText({ sequences }: TableShape, { name, default: value, identity, generated }: ColumnShape): string {
  if (identity !== '') {
    const sequence = sequences.find(({ ownedBy }) => ownedBy === name)
    const options = sequence
      ? `(SEQUENCE NAME ${qualified(sequence.schema, sequence.name)} ${sequence.options.replace(/^AS \S+ /, '')})`
      : ''
    return `GENERATED ${identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY ${options}`
  }
  if (value === null) return ''
  if (generated !== '') return `GENERATED ALWAYS AS (${value}) ${generated === 's' ? 'STORED' : 'VIRTUAL'}`
  return `DEFAULT ${value}`
}
