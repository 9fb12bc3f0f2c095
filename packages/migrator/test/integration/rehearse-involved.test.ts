import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScratchContext, ScratchServer } from '../../src/ports/scratch.ts'
import { contextOn, rehearseSql, type SqlSteps, scratchOn } from '../support/rehearse.ts'

// Only tables that a migration touches get rows. What its text does not show, its locks do, and then it is rehearsed again.

let server: ScratchServer
let context: ScratchContext

beforeAll(async () => {
  server = await scratchOn()
  context = contextOn(server)
})

afterAll(() => server.close())

const FAR = 'CREATE TABLE far (id int PRIMARY KEY, note text);'

async function walked(before: string, steps: Pick<SqlSteps, 'up' | 'down'>) {
  const { verdict, reasons, facts } = await rehearseSql(context, before, steps)
  const { tables } = facts.data.before
  const filled = [...tables].filter(([, { rows }]) => rows > 0).map(([name]) => name.replace('public.', ''))
  return { verdict, told: reasons.join('\n'), filled }
}

test('a table that is far from all of it gets no row', async () => {
  const near = 'CREATE TABLE near (id int PRIMARY KEY);'
  const up = 'ALTER TABLE near ADD COLUMN n int;'
  const { verdict, filled } = await walked(FAR + near, { up, down: 'ALTER TABLE near DROP COLUMN n;' })
  expect(filled).toEqual(['near'])
  expect(verdict).toBe('lossy')
})

test('tables that rows refer to get theirs, however far up', async () => {
  const before = `${FAR} CREATE TABLE top (id int PRIMARY KEY);
    CREATE TABLE middle (id int PRIMARY KEY, top int NOT NULL REFERENCES top);
    CREATE TABLE leaf (id int PRIMARY KEY, middle int NOT NULL REFERENCES middle);`
  const steps = { up: 'CREATE INDEX i ON leaf (middle);', down: 'DROP INDEX i;' }
  expect(await walked(before, steps)).toEqual({ verdict: 'lossless', told: '', filled: ['leaf', 'middle', 'top'] })
})

test('of those that rows can do without only the next', async () => {
  const before = `${FAR} CREATE TABLE top (id int PRIMARY KEY, far int REFERENCES far);
    CREATE TABLE middle (id int PRIMARY KEY, top int REFERENCES top);
    CREATE TABLE pair (a int, b int, middle int REFERENCES middle, PRIMARY KEY (a, b));
    CREATE TABLE leaf (id int PRIMARY KEY, a int NOT NULL, b int, FOREIGN KEY (a, b) REFERENCES pair MATCH FULL);`
  const steps = { up: 'CREATE INDEX i ON leaf (a);', down: 'DROP INDEX i;' }
  expect(await walked(before, steps)).toEqual({ verdict: 'lossless', told: '', filled: ['leaf', 'pair'] })
  const one = { up: 'CREATE INDEX i ON pair (a);', down: 'DROP INDEX i;' }
  expect(await walked(before, one)).toEqual({ verdict: 'lossless', told: '', filled: ['middle', 'pair'] })
})

test('an index tells its table, a partition the whole', async () => {
  const before = `${FAR} CREATE TABLE indexed (id int PRIMARY KEY, n int); CREATE INDEX by_n ON indexed (n);
    CREATE TABLE whole (id int) PARTITION BY RANGE (id);
    CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (100);`
  const steps = {
    up: 'DROP INDEX by_n; CREATE INDEX of_part ON part (id);',
    down: 'DROP INDEX of_part; CREATE INDEX by_n ON indexed (n);',
  }
  expect(await walked(before, steps)).toMatchObject({ verdict: 'lossless', filled: ['indexed', 'whole'] })
})

test('what a function destroys in a table that nobody names is found', async () => {
  const forget = `CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'DELETE FROM far';`
  const { verdict, told, filled } = await walked(FAR + forget, { up: 'SELECT forget();', down: 'SELECT 1;' })
  expect(filled).toEqual(['far'])
  expect(verdict).toBe('lossy')
  expect(told).toMatch(/far: (\d+) of \1 rows lost/)
})

test('so is what a trigger, a cascade and the down alone destroy', async () => {
  const before = `CREATE TABLE near (id int PRIMARY KEY, n int); CREATE TABLE child (id int REFERENCES near ON DELETE CASCADE);
    CREATE TABLE sunk (id int);
    CREATE FUNCTION sink() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM sunk; RETURN NULL; END';
    CREATE TRIGGER sink AFTER UPDATE ON near EXECUTE FUNCTION sink();`
  const steps = {
    up: 'ALTER TABLE near ADD COLUMN m int;',
    down: 'UPDATE near SET n = n; DELETE FROM near; ALTER TABLE near DROP COLUMN m;',
  }
  const { verdict, told, filled } = await walked(before, steps)
  expect(filled).toEqual(['child', 'near', 'sunk'])
  expect(verdict).toBe('lossy')
  for (const table of filled) expect(told).toMatch(new RegExp(`^ *${table}: \\d+ of \\d+ rows lost`, 'm'))
})

test('a step that fails because a table is empty is rehearsed again with rows in all of them', async () => {
  const ready = `CREATE FUNCTION ready() RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM far)';`
  const up = `DO $$ BEGIN IF NOT ready() THEN RAISE EXCEPTION 'not ready'; END IF; END $$; CREATE TABLE new (id int);`
  expect(await walked(FAR + ready, { up, down: 'DROP TABLE new;' })).toMatchObject({
    verdict: 'lossy',
    filled: ['far'],
  })
})

test('values that change with their type are looked for in every table', async () => {
  const before = `CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TABLE far (id int PRIMARY KEY, mood mood);`
  const steps = {
    up: `ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';`,
    down: `ALTER TYPE mood RENAME VALUE 'blue' TO 'sad';`,
  }
  expect(await walked(before, steps)).toMatchObject({ verdict: 'lossless', filled: ['far'] })
})
