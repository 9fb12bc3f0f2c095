import { describe, expect, inject, test } from 'vitest'
import { type Finished, pair } from '../support/cli.ts'
import { stateOf } from '../support/database.ts'
import { scene } from '../support/scene.ts'

const FILES = {
  ...pair('0001_users', 'CREATE TABLE users (id serial PRIMARY KEY, name text);\n', 'DROP TABLE users;\n'),
  ...pair('0002_mail', 'ALTER TABLE users ADD mail text;\n', 'ALTER TABLE users DROP mail;\n'),
}

const scratch = () => ['--scratch-url', inject('serverUrl')]

interface Drift {
  readonly verdict: string
  readonly provenBy: string
  readonly newest: string | null
  readonly differences: readonly {
    readonly kind: string
    readonly object: string
    readonly changes: readonly object[]
  }[]
  readonly error?: { readonly code: string }
}

const driftOf = (finished: Finished) => finished.json() as unknown as Drift

/** The suite's databases hold a table `pace` that no migration made; here it is in the way. */
async function applied(words: readonly string[] = []) {
  const scenery = await scene(FILES)
  await scenery.db.sql`DROP TABLE pace`
  expect((await scenery.project.run(['migrate', ...words])).code).toBe(0)
  return scenery
}

test('a schema that the migrations led to has not drifted', async () => {
  const { project } = await applied()
  const finished = await project.run(['drift', '--check', '--json', ...scratch()])
  expect(finished.code).toBe(0)
  expect(driftOf(finished)).toMatchObject({
    verdict: 'identical',
    provenBy: 'comparison',
    newest: '0002_mail',
    differences: [],
  })
})

test('a schema that was made for the history is no drift, unless somebody puts something into it', async () => {
  const { project, db } = await scene(FILES)
  const config = `{ historyTable: 'migrator.schema_migrations', migrations: 'migrations', scratchUrl: '${inject('serverUrl')}' }`
  await project.write({ 'migrator.config.mjs': `export default ${config}\n` })
  await db.sql`DROP TABLE pace`
  expect((await project.run(['migrate'])).code).toBe(0)
  await db.sql`INSERT INTO users (name) VALUES ('a')`
  expect((await project.run(['rollback', '--preserve-data'])).code).toBe(0)
  expect(driftOf(await project.run(['drift', '--json']))).toMatchObject({ verdict: 'identical', differences: [] })
  await db.sql`CREATE TYPE migrator.mood AS ENUM ('good')`
  const found = driftOf(await project.run(['drift', '--json'])).differences
  expect(found.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
    'added enum migrator.mood',
    'added schema migrator',
  ])
})

test('a certificate tells the same without a scratch database', async () => {
  const { project } = await applied()
  await project.run(['rehearse', '--all', '--write', ...scratch()])
  const finished = await project.run(['drift', '--json', '--scratch-url', 'postgresql://nobody@127.0.0.1:1/nothing'])
  expect(driftOf(finished)).toMatchObject({ verdict: 'identical', provenBy: 'certificate' })
})

describe('every object that somebody changed by hand is named', () => {
  const check = async (sql: string, expected: readonly object[]) => {
    const { project, db } = await applied()
    await db.sql.unsafe(sql)
    const before = await stateOf(db)
    const finished = await project.run(['drift', '--check', '--json', ...scratch()])
    expect(finished.code).toBe(5)
    expect(driftOf(finished).differences).toMatchObject(expected)
    expect(driftOf(finished).error?.code).toBe('CHECK_FAILED')
    expect(await stateOf(db)).toBe(before)
  }

  test('an index that is there though no migration made it', () =>
    check('CREATE INDEX by_hand ON users (name)', [{ kind: 'added', object: 'index public.by_hand' }]))

  test('a column that is missing', () =>
    check('ALTER TABLE users DROP mail', [{ kind: 'removed', object: 'column public.users.mail' }]))

  test('a default that is another one, before and after', () =>
    check("ALTER TABLE users ALTER name SET DEFAULT 'x'", [
      { kind: 'changed', object: 'column public.users.name', changes: [{ property: 'default', after: "'x'::text" }] },
    ]))
})

test('names the objects, and a check that finds none names none', async () => {
  const { project, db } = await applied()
  await db.sql.unsafe('CREATE INDEX by_hand ON users (name)')
  const found = await project.run(['drift', ...scratch()])
  expect(found.code).toBe(0)
  expect(found.stdout).toMatch(/the schema differs in 1 object[\s\S]*\+ index public\.by_hand/)
})

test('only what is applied counts', async () => {
  const { project } = await applied(['--steps', '1'])
  const finished = await project.run(['drift', '--json', ...scratch()])
  expect(driftOf(finished)).toMatchObject({ verdict: 'identical', newest: '0001_users' })
})

test('an edited file is compared by what was applied, out of the archive', async () => {
  const { project } = await applied()
  await project.write({ 'migrations/0002_mail.up.sql': 'ALTER TABLE users ADD mail text, ADD other int;\n' })
  expect(driftOf(await project.run(['drift', '--json', ...scratch()]))).toMatchObject({ verdict: 'identical' })
})

describe('a run ends with what became of the schema', () => {
  const certified = async () => {
    const scenery = await scene(FILES)
    await scenery.db.sql`DROP TABLE pace`
    const rehearsed = await scenery.project.run(['rehearse', '--all', '--write', ...scratch()])
    expect(rehearsed.code, rehearsed.stderr).toBe(0)
    return scenery
  }

  test('identical to its certificate on the way up, and to what it was before on the way down', async () => {
    const { project } = await certified()
    const up = await project.run(['migrate'])
    expect(up.stdout).toContain('The schema is identical to the certificate of 0002_mail.')
    const down = await project.run(['rollback'])
    expect(down.stdout).toContain('The schema is identical to before 0002_mail.')
  })

  test('with --json too', async () => {
    const { project } = await certified()
    expect((await project.run(['migrate', '--json'])).json()).toMatchObject({
      schema: { verdict: 'identical', id: '0002_mail' },
    })
  })

  test('a hand in between is noticed', async () => {
    const { project, db } = await certified()
    await project.run(['migrate'])
    await db.sql`CREATE INDEX by_hand ON users (name)`
    const down = await project.run(['rollback'])
    expect(down.stdout).toContain('The schema DIFFERS from before 0002_mail')
  })
})
