import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { MigratorError } from '../errors.ts'
import { readDirectory } from '../migration-files.ts'

const MODULE = 'export async function up() {}\nexport async function down() {}\n'

interface Expected {
  readonly ids?: readonly string[]
  /** `kind path`. */
  readonly problems?: readonly string[]
}

function check(files: Readonly<Record<string, string | Uint8Array>>, { ids, problems = [] }: Expected): void {
  const directory = readDirectory(folderOf(files))
  expect(directory.problems.map(({ kind, path }) => `${kind} ${path}`)).toEqual(problems)
  if (ids) expect(directory.files.map(({ id }) => id)).toEqual(ids)
  for (const { path, message } of directory.problems) expect(message.length, path).toBeGreaterThan(10)
}

const pair = (id: string, up = 'SELECT 1;', down = 'SELECT 2;') => ({ [`${id}.up.sql`]: up, [`${id}.down.sql`]: down })

describe('a directory is read', () => {
  test('as modules and SQL pairs, freely mixed, ordered by id', () => {
    check(
      { '10_c.ts': MODULE, ...pair('9_b'), '0001_a.mts': MODULE, ...pair('20260101120000_d'), '0011-e.js': MODULE },
      { ids: ['0001_a', '9_b', '10_c', '0011-e', '20260101120000_d'] },
    )
  })

  test('without helpers, declarations, tests, folders and other stray files', () => {
    check(
      {
        '0001_a.ts': MODULE,
        'helper.ts': '',
        'README.md': '',
        '.gitkeep': '',
        '0001_a.d.ts': '',
        '0001_a.test.ts': '',
        '0002_notes.txt': '',
        '0003_folder.ts/0001_b.ts': MODULE,
        'meta/0004_c.ts': MODULE,
        'migrations.lock.json': '{}',
      },
      { ids: ['0001_a'] },
    )
  })

  test('as empty when it is', () => {
    check({ 'README.md': '' }, { ids: [] })
  })

  test('with the checksums that sha256sum prints, byte order mark and line ends included', () => {
    const sums = (up: string) => readDirectory(folderOf(pair('1_a', up, 'SELECT 1;\n'))).files[0]
    const plain = 'b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd'
    expect(sums('SELECT 1;\n')).toMatchObject({ checksum: plain, downChecksum: plain })
    expect(sums('\uFEFFSELECT 1;\n')?.checksum).toBe('34b0bcbe990d70cd4adde7a8005ade4334f170e0625d767d78872a66515dec8a')
    expect(sums('SELECT 1;\r\n')?.checksum).toBe('d3cd5042f97738960d802ad6b3a548dfa18152215118ba18f04493bc6944b0e4')
  })
})

describe('a directory is refused, with every problem,', () => {
  test('for two files with one id', () => {
    check({ '1_a.ts': MODULE, '1_a.js': MODULE }, { ids: [], problems: ['duplicate-id 1_a.js'] })
    check({ '1_a.ts': MODULE, ...pair('1_a') }, { ids: [], problems: ['duplicate-id 1_a.down.sql'] })
  })

  test('for two ids with one number, however it is written', () => {
    check({ ...pair('0002_a'), '0002_b.ts': MODULE }, { problems: ['duplicate-number 0002_b.ts'] })
    check({ ...pair('0002_a'), ...pair('2-b') }, { problems: ['duplicate-number 2-b.up.sql'] })
    check(
      { ...pair('1_a'), ...pair('1_b'), ...pair('1_c'), ...pair('11_d') },
      {
        problems: ['duplicate-number 1_b.up.sql', 'duplicate-number 1_c.up.sql'],
      },
    )
  })

  test('for a down that is missing, unless the migration says why', () => {
    check({ '1_a.up.sql': 'SELECT 1' }, { problems: ['missing-down 1_a.up.sql'] })
    check({ '1_a.ts': 'export function up() {}' }, { problems: ['missing-down 1_a.ts'] })
    check({ '1_a.up.sql': '-- migrator: irreversible="rows are gone"\nSELECT 1' }, { ids: ['1_a'] })
    check({ '1_a.ts': "export function up() {}\nexport const irreversible = 'rows are gone'" }, { ids: ['1_a'] })
  })

  test('for an orphan down', () => {
    check({ '1_a.down.sql': 'SELECT 1' }, { ids: [], problems: ['orphan-down 1_a.down.sql'] })
  })

  test('for a seed that stands alone, or beside a module', () => {
    check({ '1_a.seed.sql': 'SELECT 1' }, { ids: [], problems: ['orphan-seed 1_a.seed.sql'] })
    check({ '1_a.ts': MODULE, '1_a.seed.sql': 'SELECT 1' }, { ids: ['1_a'], problems: ['orphan-seed 1_a.seed.sql'] })
    check({ ...pair('1_a'), '1_a.seed.sql': '-- none' }, { problems: ['empty 1_a.seed.sql'] })
  })

  test('for a file that is empty or holds only comments', () => {
    for (const nothing of ['', ' \n', '\uFEFF', '-- a', '/* a /* b */ */;']) {
      check(pair('1_a', nothing), { problems: ['empty 1_a.up.sql'] })
      const files = pair('1_a', 'SELECT 1', nothing)
      expect(readDirectory(folderOf(files), { strict: true }).problems).toMatchObject([{ kind: 'empty' }])
    }
    for (const nothing of ['', '\n', '\uFEFF', '// a\n', '/* a */'])
      check({ '1_a.ts': nothing }, { problems: ['empty 1_a.ts'] })
  })

  test('for a name that is no id', () => {
    check(
      { '0001.ts': MODULE, '2.up.sql': '', '3_.ts': MODULE, '4a.ts': MODULE },
      {
        ids: [],
        problems: ['invalid-name 0001.ts', 'invalid-name 2.up.sql', 'invalid-name 3_.ts', 'invalid-name 4a.ts'],
      },
    )
  })

  test('for SQL that is neither up nor down', () => {
    check({ '3_a.sql': 'SELECT 1', ...pair('2_b') }, { ids: ['2_b'], problems: ['invalid-name 3_a.sql'] })
  })

  test('for endings in capitals, which would be overlooked otherwise', () => {
    check(
      { '1_a.UP.SQL': 'SELECT 1', '1_a.DOWN.SQL': 'SELECT 1' },
      {
        problems: ['invalid-name 1_a.DOWN.SQL', 'invalid-name 1_a.UP.SQL'],
      },
    )
  })

  test('for an id export that is not the name of the file', () => {
    check({ '1_a.ts': `export const id = '1_b'\n${MODULE}` }, { problems: ['id-mismatch 1_a.ts'] })
    check({ '1_a.ts': `export const id: string = "1_a"\n${MODULE}` }, { ids: ['1_a'] })
  })

  test('for an option that does not exist, in the up and in the down', () => {
    check(pair('1_a', '-- migrator: transacton=false\nSELECT 1'), { problems: ['invalid-option 1_a.up.sql'] })
    check(pair('1_a', 'SELECT 1', '-- migrator: transacton=false\nSELECT 1'), {
      problems: ['invalid-option 1_a.down.sql'],
    })
  })

  test('for what is no text', () => {
    check(pair('1_a', 'SELECT \0'), { problems: ['unreadable 1_a.up.sql'] })
    check(
      { '1_a.up.sql': Uint8Array.of(0xff, 0xfe, 0x53), '1_a.down.sql': 'SELECT 1' },
      {
        problems: ['unreadable 1_a.up.sql'],
      },
    )
    check({ '1_a.ts': Uint8Array.of(0xc3, 0x28) }, { problems: ['unreadable 1_a.ts'] })
  })

  test('together, ordered by path', () => {
    check(
      { '3_c.up.sql': '', '2_b.down.sql': 'SELECT 1', '1.ts': MODULE, ...pair('3_d') },
      {
        problems: [
          'invalid-name 1.ts',
          'orphan-down 2_b.down.sql',
          'empty 3_c.up.sql',
          'missing-down 3_c.up.sql',
          'duplicate-number 3_d.up.sql',
        ],
      },
    )
  })

  test('when it does not exist, or is a file', () => {
    const folder = folderOf({ file: '' })
    for (const name of ['absent', 'file']) {
      const path = join(folder, name)
      expect(() => readDirectory(path)).toThrow(MigratorError)
      expect(() => readDirectory(path)).toThrow(expect.objectContaining({ code: 'MIGRATIONS_DIRECTORY_MISSING' }))
      expect(() => readDirectory(path)).toThrow(path)
    }
  })
})
