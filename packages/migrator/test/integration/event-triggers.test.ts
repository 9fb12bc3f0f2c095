import { describe, expect, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { outsidePair, type Scene, saidBy, scene } from '../support/scene.ts'

/** A database that refuses changes of its schema, in words of its own. */
async function refusing({ db }: Scene, event: string): Promise<void> {
  await db.sql.unsafe(`CREATE SCHEMA guards;
    CREATE FUNCTION guards."Not Now"() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'release freeze until Monday' USING HINT = 'ask the DBA.'; END $$;
    CREATE EVENT TRIGGER "freeze_${db.name}" ON ${event} EXECUTE FUNCTION guards."Not Now"()`)
}

function expectNamed({ db }: Scene, failed: Awaited<ReturnType<Scene['project']['run']>>): void {
  expect(failed.code, saidBy(failed)).toBe(1)
  const { code, message, hint } = failed.json().error
  expect(code, saidBy(failed)).toBe('PERMISSION_DENIED')
  expect(message).toContain('release freeze until Monday')
  expect(message).toContain(`event trigger freeze_${db.name}`)
  expect(message).toMatch(/[^.]\.$/)
  expect(hint).toContain(`ALTER EVENT TRIGGER freeze_${db.name} DISABLE`)
  expect(saidBy(failed)).not.toContain('Correct the migration')
}

const outside = outsidePair('0004_four', 'CREATE TABLE four (id int);', 'DROP TABLE IF EXISTS four;')

describe.each(['ddl_command_start', 'ddl_command_end'])('an event trigger on %s', (event) => {
  test("that refuses the migrator's own tables is named, before anything runs", async () => {
    const made = await scene(threeTables())
    await refusing(made, event)
    expectNamed(made, await made.project.run(['migrate', '--json']))
    expect(await tablesOf(made.db)).toEqual([])
  })

  test.each([['batch'], ['each'], ['outside']])('that refuses a migration is named: %s', async (mode) => {
    const made = await scene(mode === 'outside' ? outside : threeTables())
    expect((await made.project.run(['migrate', ...(mode === 'outside' ? [] : ['--steps', '1'])])).code).toBe(0)
    if (mode === 'outside') await made.project.write(outsidePair('0005_five', 'CREATE TABLE five ();', 'SELECT 1;'))
    await refusing(made, event)
    const before = await historyOf(made.db)
    const words = ['--transaction', mode === 'batch' ? 'batch' : 'each']
    expectNamed(made, await made.project.run(['migrate', '--json', ...words]))
    expect(await historyOf(made.db)).toEqual(before)
    await made.db.sql.unsafe(`ALTER EVENT TRIGGER freeze_${made.db.name} DISABLE`)
    const done = await made.project.run(['migrate'])
    expect(done.code, saidBy(done)).toBe(0)
  })
})

test('an event trigger on sql_drop that refuses a rollback is named, and nothing is lost', async () => {
  const made = await scene(threeTables())
  expect((await made.project.run(['migrate'])).code).toBe(0)
  await refusing(made, 'sql_drop')
  expectNamed(made, await made.project.run(['rollback', '--json']))
  expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two', '0003_three'])
})

test('a trigger on the history table that raises is named, and the step is not committed', async () => {
  const { db, project } = await scene(threeTables())
  expect((await project.run(['migrate', '--steps', '1'])).code).toBe(0)
  await db.sql.unsafe(`
    CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no entry in the audit'; END $$;
    CREATE TRIGGER audited BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION audit()`)
  const failed = await project.run(['migrate', '--json'])
  expect(failed.json().error, saidBy(failed)).toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(failed.json().error.message).toContain('trigger audited on')
  expect(failed.json().error.hint).toContain('DISABLE TRIGGER audited')
  expect(await historyOf(db)).toEqual(['0001_one'])
})

test("an error of a migration's own function stays the migration's", async () => {
  const own = `CREATE FUNCTION odd() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'mine'; END $$; SELECT odd();`
  const made = await scene(pair('0001_odd', own, 'DROP FUNCTION odd();'))
  await made.db.sql.unsafe(`
    CREATE FUNCTION quiet() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
    CREATE EVENT TRIGGER quiet ON ddl_command_end EXECUTE FUNCTION quiet()`)
  const failed = await made.project.run(['migrate', '--json'])
  expect(failed.json().error, saidBy(failed)).toMatchObject({ code: 'MIGRATION_FAILED' })
})
