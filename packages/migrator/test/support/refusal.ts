import { expect } from 'vitest'
import type { Finished, Project } from './cli.ts'
import { stateOf, type TestDatabase } from './database.ts'

type Text = string | RegExp

/** What a command that stops is expected to say, to a person and as a document. */
export interface Refusal {
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly exit: number
  readonly code: string
  /** All of them are in the message: what happened, and to which object. */
  readonly says: Text | readonly Text[]
  /** What to do next. */
  readonly hint: Text | readonly Text[]
  /** Texts that appear nowhere: not on stdout, not on stderr. */
  readonly never?: readonly string[]
}

/**
 * Runs the command for a person and, at the same time, with `--json`: both end with the exit code, message and hint,
 * neither shows a stack, and the database is what it was.
 */
export async function expectRefusal(project: Project, refusal: Refusal, db?: TestDatabase): Promise<Refused> {
  const before = db && (await stateOf(db))
  const [plain, json] = await Promise.all([
    project.run(refusal.words, refusal.env),
    project.run([...refusal.words, '--json'], refusal.env),
  ])
  expectSaid(plain, json, refusal)
  if (db) expect(await stateOf(db)).toBe(before)
  return { plain, json }
}

export interface Refused {
  readonly plain: Finished
  readonly json: Finished
}

export function expectSaid(plain: Finished, json: Finished, refusal: Refusal): void {
  const { exit, code, never = [] } = refusal
  const all = `${plain.stdout}${plain.stderr}${json.stdout}${json.stderr}`
  expect({ exit: plain.code, with: exit === plain.code ? '' : all }).toEqual({ exit, with: '' })
  expect(plain.stderr).toContain(`[${code}]`)
  const { schemaVersion, error } = json.json()
  expect(schemaVersion).toBe(1)
  expect({ code: error.code, exitCode: error.exitCode, exit: json.code }).toEqual({ code, exitCode: exit, exit })
  for (const text of listed(refusal.says)) {
    expectText(plain.stderr, text)
    expectText(error.message, text)
  }
  for (const text of listed(refusal.hint)) {
    expectText(plain.stderr, text)
    expectText(error.hint, text)
  }
  expect(`${plain.stderr}${json.stderr}`).not.toMatch(/^\s+at .+:\d+/m)
  expect(`${plain.stderr}${error.message}${error.hint}`).not.toMatch(/(?<![\w-])db:[a-z]/)
  for (const text of never) expect(all).not.toContain(text)
}

function listed(texts: Text | readonly Text[]): readonly Text[] {
  return typeof texts === 'string' || texts instanceof RegExp ? [texts] : texts
}

function expectText(actual: string, text: Text): void {
  if (typeof text === 'string') expect(actual).toContain(text)
  else expect(actual).toMatch(text)
}
