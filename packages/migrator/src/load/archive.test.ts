import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { entryOf } from '../../test/support/records.ts'
import type { HistoryEntry } from '../core/history.ts'
import type { SourceFile } from '../core/migration.ts'
import { postgresScript } from '../dialects/postgres/script/language.ts'
import { createArchive } from './archive.ts'
import { checksumOf } from './checksum.ts'
import { importsChecksumOf } from './local-imports.ts'

const made: { dispose(): Promise<void> }[] = []
afterAll(() => Promise.all(made.map((archive) => archive.dispose())))

function load(
  entry: Partial<HistoryEntry>,
  sources: readonly SourceFile[],
  accept: 'repository' | 'shown' = 'repository',
) {
  const archive = createArchive({ migrationsDirectory: folderOf({}), accept, script: postgresScript })
  made.push(archive)
  return archive.load(entryOf('1_a', 1, entry), sources)
}

async function checkRefused(
  entry: Partial<HistoryEntry>,
  sources: readonly SourceFile[],
  code: string,
  accept?: 'shown',
): Promise<void> {
  await expect(load(entry, sources, accept)).rejects.toMatchObject({ code })
}

const up = { path: '1_a.up.sql', content: '-- migrator: transaction=false\nSELECT 1' }
const down = { path: '1_a.down.sql', content: 'SELECT 2' }
const pair = { checksum: checksumOf(up.content), downChecksum: checksumOf(down.content), transactional: false }

const helper = { path: 'lib/helper.mjs', content: "export const name = 'helper'\n" }
const main = {
  path: '1_a.mjs',
  content: "import { name } from './lib/helper.mjs'\nexport const up = () => 'up'\nexport const down = () => name\n",
}
const module = {
  format: 'module',
  checksum: checksumOf(main.content),
  importsChecksum: importsChecksumOf([helper]),
} as const

describe('archived SQL', () => {
  test('runs as SQL, as it was recorded', async () => {
    expect(await load(pair, [up, down])).toMatchObject({
      id: '1_a',
      transactional: false,
      up: { kind: 'sql', sql: up.content },
      down: { kind: 'sql', sql: down.content, file: '1_a.down.sql' },
    })
  })

  test('is refused when it is not what was recorded', async () => {
    await checkRefused(pair, [{ ...up, content: 'SELECT 3' }, down], 'ARCHIVE_DAMAGED')
    await checkRefused(pair, [up, { ...down, content: 'DROP TABLE a' }], 'ARCHIVE_DAMAGED')
    await checkRefused({ ...pair, downChecksum: undefined }, [up, down], 'ARCHIVE_DAMAGED')
    await checkRefused(pair, [up], 'ARCHIVE_DAMAGED')
    await checkRefused(pair, [], 'ARCHIVE_DAMAGED')
  })
})

describe("an archived module's code", () => {
  test('is refused and shown where neither git nor the operator vouches for it', async () => {
    await checkRefused(module, [main, helper], 'ARCHIVE_UNTRUSTED')
    await expect(load(module, [main, helper])).rejects.toThrow(main.content.trimEnd())
  })

  test('runs, helpers included, when the operator was shown it', async () => {
    const { down: action } = await load(module, [main, helper], 'shown')
    expect(action?.kind === 'module' && (await action.run(undefined as never))).toBe('helper')
  })

  test('is refused when it is not what was recorded, even then', async () => {
    await checkRefused(module, [{ ...main, content: `${main.content}//` }, helper], 'ARCHIVE_DAMAGED', 'shown')
    await checkRefused(module, [main, { ...helper, content: '' }], 'ARCHIVE_DAMAGED', 'shown')
    await checkRefused(module, [main], 'ARCHIVE_DAMAGED', 'shown')
  })

  test.each([
    ...['../out.mjs', '/tmp/out.mjs', 'lib/../../out.mjs', 'lib/../out.mjs', './out.mjs', 'lib//out.mjs', '..', ''],
    ...['..\\out.mjs', 'lib\\..\\..\\out.mjs', '\\\\server\\out.mjs', 'C:/out.mjs', 'c:out.mjs', 'a\0/../../out.mjs'],
    ...['node_modules/out/index.js', 'lib/Node_Modules/out.js', 'node_modules./out.js', 'node\u200b_modules/out.js'],
    ...[
      'package.json',
      'lib/PACKAGE.JSON',
      'package.json ',
      'package.json::$DATA',
      'ｐackage.json',
      'package-lock.json',
    ],
    ...['pnpm-lock.yaml', 'yarn.lock', 'bun.lockb', 'migrations.lock.json', '.npmrc', '.git/hooks/post-checkout'],
    ...['1_A.mjs', 'lib/../1_a.mjs'],
  ])('is not written to %j', async (path) => {
    const escaped = { path, content: '{}' }
    const entry = { ...module, importsChecksum: importsChecksumOf([escaped]) }
    await checkRefused(entry, [main, escaped], 'ARCHIVE_DAMAGED', 'shown')
    const alone = { ...module, importsChecksum: undefined }
    if (path !== '1_A.mjs') await checkRefused(alone, [{ ...main, path }], 'ARCHIVE_DAMAGED', 'shown')
  })

  test.each(['lib/..helper.mjs', 'lib/helper..mjs', 'lib/package.json.mjs', 'my_node_modules/é 漢.mjs'])(
    'may be named %j',
    async (path) => {
      const imports = [{ path, content: helper.content }]
      const content = main.content.replace('./lib/helper.mjs', `./${path}`)
      const entry = { ...module, checksum: checksumOf(content), importsChecksum: importsChecksumOf(imports) }
      const { down: action } = await load(entry, [{ ...main, content }, ...imports], 'shown')
      expect(action?.kind === 'module' && (await action.run(undefined as never))).toBe('helper')
    },
  )

  test("leaves the project's own packages alone, though it can import them through a link", async () => {
    const project = folderOf({
      'migrations/.keep': '',
      'real/greeting/index.js': 'module.exports = { word: "hello" }\n',
      'package.json': '{ "name": "mine" }\n',
    })
    symlinkSync(join(project, 'real'), join(project, 'node_modules'))
    symlinkSync(join(project, 'migrations'), join(project, 'linked'))
    const archive = createArchive({
      migrationsDirectory: join(project, 'linked'),
      accept: 'shown',
      script: postgresScript,
    })
    made.push(archive)
    const content = "import g from 'greeting'\nexport const up = () => 1\nexport const down = () => g.word\n"
    const loaded = await archive.load(
      entryOf('1_a', 1, { ...module, checksum: checksumOf(content), importsChecksum: undefined }),
      [{ ...main, content }],
    )
    expect(loaded.down?.kind === 'module' && (await loaded.down.run(undefined as never))).toBe('hello')
    for (const path of ['node_modules/greeting/index.js', 'NODE_MODULES/greeting/index.js']) {
      const evil = { path, content: 'module.exports = { word: "evil" }\n' }
      const entry = entryOf('1_a', 1, { ...module, importsChecksum: importsChecksumOf([evil]) })
      await expect(archive.load(entry, [main, evil])).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
    }
    await archive.dispose()
    expect(readFileSync(join(project, 'real/greeting/index.js'), 'utf8')).toContain('hello')
    expect(readdirSync(join(project, 'migrations'))).toEqual(['.keep'])
    expect(readdirSync(project).toSorted()).toEqual(['linked', 'migrations', 'node_modules', 'package.json', 'real'])
  })
})
