import { afterAll, describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { entryOf } from '../../test/support/records.ts'
import type { HistoryEntry } from '../core/history.ts'
import type { SourceFile } from '../core/migration.ts'
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
  const archive = createArchive({ migrationsDirectory: folderOf({}), accept })
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
    expect(action?.kind === 'module' && action.run(undefined as never)).toBe('helper')
  })

  test('is refused when it is not what was recorded, even then', async () => {
    await checkRefused(module, [{ ...main, content: `${main.content}//` }, helper], 'ARCHIVE_DAMAGED', 'shown')
    await checkRefused(module, [main, { ...helper, content: '' }], 'ARCHIVE_DAMAGED', 'shown')
    await checkRefused(module, [main], 'ARCHIVE_DAMAGED', 'shown')
  })

  test('writes nothing outside of its own folder', async () => {
    for (const path of ['../out.mjs', '/tmp/out.mjs', 'lib/../../out.mjs']) {
      const escaped = { path, content: '' }
      await checkRefused(
        { ...module, importsChecksum: importsChecksumOf([escaped]) },
        [main, escaped],
        'ARCHIVE_DAMAGED',
        'shown',
      )
    }
  })
})
