import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import { createProject, type Document, type Finished, type Project, pair, type Running } from './cli.ts'
import { createDatabase, type TestDatabase } from './database.ts'

/** A database and a folder of migrations of one test's own; what still runs, and both of them, go when it ends. */
export interface Scene {
  readonly db: TestDatabase
  readonly project: Project
  /** The URL that its commands get. */
  readonly url: string
}

export interface SceneOptions {
  /** SQL that the database holds before the command comes. */
  readonly standing?: string
  /** The URL that the commands get for the database's. */
  readonly reachedBy?: (url: string) => string | Promise<string>
}

export async function scene(
  files: Readonly<Record<string, string>>,
  { standing = '', reachedBy = (url) => url }: SceneOptions = {},
): Promise<Scene> {
  const db = await createDatabase()
  await db.sql.unsafe(`CREATE TABLE pace AS SELECT false AS hurried; ${standing}`)
  const url = await reachedBy(db.url)
  const project = await createProject(url, files)
  const started: Running[] = []
  onTestFinished(async () => {
    for (const { process } of started) process.kill('SIGKILL')
    await Promise.all(started.map(({ finished }) => finished))
    await db.drop()
    await project.remove()
  })
  const start: Project['start'] = (words, env) => {
    const running = project.start(words, env)
    started.push(running)
    return running
  }
  return { db, url, project: { ...project, start, run: (words, env) => start(words, env).finished } }
}

/** A statement that lasts until `hurry`; one that comes after it is over at once. */
export const SLEEP =
  'DO $$ BEGIN WHILE NOT (SELECT hurried FROM public.pace) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$'

export async function hurry({ sql }: TestDatabase): Promise<void> {
  await sql`UPDATE pace SET hurried = true`
}

/** Makes writing the history sleep, too: what comes behind it is then on its way to the server already. */
export async function slowHistory({ sql }: TestDatabase): Promise<void> {
  await sql.unsafe(`
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
      WHILE NOT (SELECT hurried FROM public.pace) LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN new; END $f$;
    CREATE TRIGGER linger BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION linger()`)
}

export const OUTSIDE = '-- migrator: transaction=false\n'

/** A pair that runs outside a transaction. */
export function outsidePair(id: string, up: string, down: string): Record<string, string> {
  return pair(id, OUTSIDE + up, down)
}

/** A module; `up` and `down` are bodies of functions with a Drizzle `db`. */
export function module(id: string, bodies: { up: string; down: string; more?: string }): Record<string, string> {
  const text = `export const id = '${id}'
export async function up(db) { ${bodies.up} }
export async function down(db) { ${bodies.down} }
${bodies.more ?? ''}
`
  return { [`migrations/${id}.ts`]: text }
}

/** What a project's module imports Drizzle by, which these projects have not installed: `drizzle('pg-core')`. */
export function drizzle(part = ''): string {
  const name = part === '' ? 'drizzle-orm' : `drizzle-orm/${part}`
  return pathToFileURL(createRequire(import.meta.url).resolve(name)).href
}

/** `{ '0001_one': 'applied', … }` of a `--json` document. */
export function statusesOf({ steps }: Document): Record<string, string> {
  return Object.fromEntries(steps.map(({ id, status }) => [id, status]))
}

/** Everything that a command said, for the message of a failed expectation. */
export function saidBy({ stdout, stderr }: Finished): string {
  return stdout + stderr
}
