import { execFile } from 'node:child_process'
import { describe, expect, inject, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { historyOf } from '../support/observe.ts'
import { type Scene, scene } from '../support/scene.ts'

/** Runs a line of bash in the project's folder; `M` is the program. What the line prints on descriptor 9 comes back. */
function bash({ project, url }: Scene, line: string): Promise<string> {
  const program = `'${process.execPath}' '${inject('bin')}'`
  const script = `exec 9>&1; ${line.replaceAll(/\bM\b/g, program)}`
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, DATABASE_URL: url }
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: project.directory, env, timeout: 60_000 }, (_, stdout) =>
      resolve(stdout.trim()),
    )
  })
}

const LEAVES = [
  ['before the document of --json', 'M migrate --json | true; echo $PIPESTATUS >&9'],
  ['after the first line of both streams', 'M migrate 2>&1 | head -1 >/dev/null; echo $PIPESTATUS >&9'],
  ['stderr alone', 'M migrate 2>&1 >/dev/null | true; echo $PIPESTATUS >&9'],
  ['stdout and stderr, each on its own', 'M migrate > >(true) 2> >(true); echo $? >&9'],
] as const
const CANNOT = [
  ['stdout is closed', 'M migrate >&-; echo $? >&9'],
  ['both are closed', 'M migrate >&- 2>&-; echo $? >&9'],
  ['the disk is full', 'M migrate >/dev/full; echo $? >&9'],
  ['the disk is full, with --json and for both', 'M migrate --json >/dev/full 2>/dev/full; echo $? >&9'],
] as const

describe('a run does not depend on who reads it', () => {
  test.each([...LEAVES, ...CANNOT])('all is applied and the exit code is 0: %s', async (_, line) => {
    const here = await scene(threeTables())
    expect(await bash(here, line)).toBe('0')
    expect(await historyOf(here.db)).toEqual(['0001_one', '0002_two', '0003_three'])
  })

  test.each([...LEAVES, ...CANNOT])('a failure exits with 1 all the same: %s', async (_, line) => {
    const here = await scene({ ...threeTables(), ...pair('0004_bad', 'SELECT 1/0;', 'SELECT 1;') })
    expect(await bash(here, line)).toBe('1')
    expect(await historyOf(here.db)).toEqual([])
  })
})

test.each([
  ['status --check | true', '5'],
  ['status | head -1', '0'],
  ['rollback --steps 9 --json | true', '3'],
  ['nonsense 2>&1 | true', '2'],
  ['--help | head -1', '0'],
])('the exit code of %s stays what it is', async (words, code) => {
  const here = await scene(threeTables())
  if (words.startsWith('rollback')) await here.project.run(['migrate'])
  expect(await bash(here, `M ${words} >/dev/null; echo $PIPESTATUS >&9`)).toBe(code)
})

test('a full disk is named on stderr', async () => {
  const here = await scene(threeTables())
  expect(await bash(here, 'M status 2>&1 >/dev/full')).toMatch(/could not be written to stdout.*space/i)
})

test('a slow reader gets the whole document', async () => {
  const long = `SELECT '${'x'.repeat(400_000)}';`
  const here = await scene(pair('0001_long', long, 'SELECT 1;'))
  const document = await bash(here, 'M migrate --dry-run --json | (sleep 1; cat)')
  expect(JSON.parse(document)).toMatchObject({ steps: [{ id: '0001_long', sql: long }] })
})
