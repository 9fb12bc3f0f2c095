import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import type { Migration, MigrationFile } from '../core/migration.ts'
import { MigratorError } from '../errors.ts'
import { moduleFile } from './module.ts'

const BOTH = 'export async function up(db) { return db }\nexport async function down(db) { return [db] }\n'

function fileIn(files: Readonly<Record<string, string>>, name = '1_a.mjs'): MigrationFile {
  const { file } = moduleFile(folderOf(files), '1_a', name)
  if (!file) throw new Error('it was not read')
  return file
}

async function check(text: string, expected: Partial<Migration>): Promise<void> {
  expect(await fileIn({ '1_a.mjs': text }).load()).toMatchObject(expected)
}

/** The problems as `kind path`, and the message that carries them. */
async function refusal(text: string, name = '1_a.mjs'): Promise<{ problems: readonly string[]; message: string }> {
  const error: unknown = await fileIn({ [name]: text }, name)
    .load()
    .catch((reason: unknown) => reason)
  if (!(error instanceof MigratorError)) throw new Error('it was not refused')
  expect(error.code).toBe('MIGRATION_FILES_INVALID')
  const problems = error.details.problems as readonly { kind: string; path: string }[]
  return { problems: problems.map(({ kind, path }) => `${kind} ${path}`), message: error.message }
}

async function checkRefused(text: string, expected: readonly string[]): Promise<void> {
  expect((await refusal(text)).problems).toEqual(expected)
}

describe('a module is loaded', () => {
  test('with its functions, which run in both directions', async () => {
    const { up, down } = await fileIn({ '1_a.mjs': BOTH }).load()
    expect(up.kind === 'module' && (await up.run('db' as never))).toBe('db')
    expect(down?.kind === 'module' && (await down.run('db' as never))).toEqual(['db'])
  })

  test('with its options', async () => {
    await check(BOTH, { id: '1_a', format: 'module', transactional: true, irreversible: undefined, path: '1_a.mjs' })
    await check(`export const transaction = false\nexport const description = 'Faster'\n${BOTH}`, {
      transactional: false,
      description: 'Faster',
    })
    await check("export function up() {}\nexport const irreversible = 'rows are gone'", {
      irreversible: 'rows are gone',
      down: undefined,
    })
  })

  test('with its guard and its check', async () => {
    await check(`${BOTH}export function validate() {}\nexport function verify() {}`, {
      validate: expect.objectContaining({ kind: 'module', file: '1_a.mjs' }),
      verify: expect.objectContaining({ kind: 'module', file: '1_a.mjs' }),
    })
  })

  test('in TypeScript, too', async () => {
    const file = fileIn(
      { '1_a.ts': 'export const up = (db: string): string => db\nexport const down = (): void => {}' },
      '1_a.ts',
    )
    expect(await file.load()).toMatchObject({ id: '1_a', up: { kind: 'module', file: '1_a.ts' } })
  })

  test('with what it imports, in its sources and in a checksum of its own', async () => {
    const files = { '1_a.mjs': `import './helper.mjs'\n${BOTH}`, 'helper.mjs': 'export const a = 1\n' }
    const file = fileIn(files)
    const edited = fileIn({ ...files, 'helper.mjs': 'export const a = 2\n' })
    expect((await file.load()).sources.map(({ path }) => path)).toEqual(['1_a.mjs', 'helper.mjs'])
    expect(edited.checksum).toBe(file.checksum)
    expect(edited.importsChecksum).not.toBe(file.importsChecksum)
    expect(fileIn({ '1_a.mjs': BOTH }).importsChecksum).toBeUndefined()
  })
})

test('a module is not executed before it is asked for', () => {
  expect(fileIn({ '1_a.mjs': `throw new Error('executed')\n${BOTH}` }).id).toBe('1_a')
})

describe('a module is refused', () => {
  test('without an up or a down', async () => {
    await checkRefused('export const down = () => {}', ['does-not-load 1_a.mjs'])
    await checkRefused("export const up = 'CREATE TABLE a ()'\nexport const down = () => {}", ['does-not-load 1_a.mjs'])
    await checkRefused('export const up = () => {} // no down', ['missing-down 1_a.mjs'])
    await checkRefused("export const up = () => {}\nexport const down = 'DROP TABLE a'", ['missing-down 1_a.mjs'])
    await checkRefused('export {}', ['does-not-load 1_a.mjs', 'missing-down 1_a.mjs'])
  })

  test('with a reason for having no down that gives none', async () => {
    await checkRefused("export const up = () => {}\nexport const irreversible = ''", ['missing-down 1_a.mjs'])
    await checkRefused('export const up = () => {}\nexport const irreversible = true', ['missing-down 1_a.mjs'])
  })

  test('with an id that is not the name of its file', async () => {
    await checkRefused(`const id = '1_b'\nexport { id }\n${BOTH}`, ['id-mismatch 1_a.mjs'])
  })

  test('with its cause, when it throws', async () => {
    const { problems, message } = await refusal(`\nthrow new RangeError('out of reach')\n${BOTH}`)
    expect(problems).toEqual(['does-not-load 1_a.mjs'])
    expect(message).toContain('RangeError: out of reach')
    expect(message).toMatch(/1_a\.mjs:2:\d+/)
  })

  test('with the name of what it misses', async () => {
    expect((await refusal(`import './gone.mjs'\n${BOTH}`)).message).toContain('gone.mjs')
    expect((await refusal(`import 'no-such-package-here'\n${BOTH}`)).message).toContain('no-such-package-here')
  })

  test('when it is no code', async () => {
    expect((await refusal('export const up = (\n')).problems).toEqual(['does-not-load 1_a.mjs'])
  })
})
