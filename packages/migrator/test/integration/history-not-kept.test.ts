import { expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { outsidePair, saidBy, scene } from '../support/scene.ts'

const EATS = `CREATE FUNCTION eat() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER eat BEFORE INSERT OR DELETE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION eat();`
const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')

test.each([
  ['batch', pair('0002_eats', EATS, 'SELECT 1;')],
  ['each', pair('0002_eats', EATS, 'SELECT 1;')],
  [
    'each',
    { ...pair('0002_eats', EATS, 'SELECT 1;'), ...outsidePair('0003_three', 'CREATE TABLE three ();', 'SELECT 1;') },
  ],
])('a step whose record the history does not keep is not committed, %s', async (transaction, files) => {
  const { db, project } = await scene({ ...one, ...three, ...files })
  const failed = await project.run(['migrate', '--transaction', transaction, '--on-failure', 'stop', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error.message).toContain('did not keep the record')
  expect(failed.json().error.hint).toContain('trigger')
  expect(await tablesOf(db)).not.toContain('three')
  expect(await historyOf(db)).not.toContain('0003_three')
})
