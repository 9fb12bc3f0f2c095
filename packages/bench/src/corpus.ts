/** One migration of the benchmark: what every tool is given, in its own format. */
export interface Text {
  readonly id: string
  readonly up: readonly [string, string]
  readonly down: readonly [string, string]
}

/** Two statements each: a table, then an index on it or a row in it, by turns. */
export function tables(count: number): readonly Text[] {
  return numbered(count, (id, index) => {
    const table = `bench_${id}`
    const create = `CREATE TABLE ${table} (id integer PRIMARY KEY, name text NOT NULL);`
    const withIndex = index % 2 === 0
    const second = withIndex
      ? `CREATE INDEX ${table}_name ON ${table} (name);`
      : `INSERT INTO ${table} (id, name) VALUES (1, 'first');`
    const undo = withIndex ? `DROP INDEX ${table}_name;` : `DELETE FROM ${table} WHERE id = 1;`
    return { up: [create, second], down: [undo, `DROP TABLE ${table};`] }
  })
}

/** A table each that refers to the one before, with an identity, a key of its own and an index. */
export function linked(count: number): readonly Text[] {
  const named = (number: number) => `bench_${String(number).padStart(5, '0')}`
  return numbered(count, (id, index) => {
    const parent = index === 0 ? '' : `, parent bigint REFERENCES ${named(index)}`
    const create = `CREATE TABLE bench_${id} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mail varchar(200) UNIQUE${parent});`
    return {
      up: [create, `CREATE INDEX bench_${id}_name ON bench_${id} (name);`],
      down: [`DROP INDEX bench_${id}_name;`, `DROP TABLE bench_${id};`],
    }
  })
}

/** Two cheap statements each, all but the first on one table, so that the cost per migration is the tool's. */
export function rows(count: number): readonly Text[] {
  return numbered(count, (_, index) => {
    const row = `INSERT INTO bench (id, name) VALUES (${index}, 'row');`
    const remove = `DELETE FROM bench WHERE id = ${index};`
    if (index === 0) {
      return {
        up: ['CREATE TABLE bench (id integer PRIMARY KEY, name text NOT NULL);', row],
        down: [remove, 'DROP TABLE bench;'],
      }
    }
    const rename = (name: string) => `UPDATE bench SET name = '${name}' WHERE id = ${index};`
    return { up: [row, rename('renamed')], down: [rename('row'), remove] }
  })
}

function numbered(count: number, text: (id: string, index: number) => Omit<Text, 'id'>): readonly Text[] {
  return Array.from({ length: count }, (_, index) => {
    const id = String(index + 1).padStart(5, '0')
    return { id, ...text(id, index) }
  })
}
