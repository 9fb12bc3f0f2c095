import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal, type Refusal } from '../support/refusal.ts'

/** 0001 and 0002 are applied, by one run each; 0003 is pending. Refused commands leave it so. */
let db: TestDatabase
let project: Project
let settled: string

beforeAll(async () => {
  db = await createDatabase()
  project = await createProject(db.url, threeTables())
  await settle()
})
beforeEach(async () => {
  if ((await stateOf(db)) !== settled) await settle() // What one command should not have done is no matter of the next.
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

async function settle(): Promise<void> {
  await emptied(db)
  for (const steps of ['1', '1']) expect((await project.run(['migrate', '--steps', steps])).code).toBe(0)
  settled = await stateOf(db)
}

type Said = Pick<Refusal, 'says' | 'hint'>
type Row = readonly [command: string, Said]

function check(refusal: Pick<Refusal, 'exit' | 'code'>): (command: string, said: Said) => Promise<void> {
  return async (command, said) => {
    const words = command.split(' ').map((word) => (word === "''" ? '' : word))
    await expectRefusal(project, { words, ...refusal, ...said }, db)
  }
}

const usage = check({ exit: 2, code: 'USAGE_INVALID' })
const HELP = '--help'

describe('a count that is not a positive integer is refused', () => {
  const counts = ['0', '-1', '1.5', 'abc', "''", '1e3', '0x2', '99999999999']
  const rows = ['migrate', 'rollback'].flatMap((command) =>
    counts.map(
      (count): Row => [
        `${command} --steps ${count}`,
        { says: ['--steps must be a positive integer', count === "''" ? 'nothing' : count], hint: HELP },
      ],
    ),
  )
  test.each([
    ...rows,
    ['safe --steps 0', { says: '--steps must be a positive integer (got 0)', hint: HELP }],
    ['safe down --steps 1.5', { says: '(got 1.5)', hint: HELP }],
    ['rollback --steps=-1', { says: '--steps must be a positive integer (got -1)', hint: HELP }],
    ['history --limit 0', { says: '--limit must be a positive integer (got 0)', hint: HELP }],
  ] satisfies Row[])('%s', usage)
})

describe('flags that contradict each other are refused', () => {
  test.each([
    [
      'migrate --steps 1 --target 0003_three',
      { says: '--steps and --target cannot be combined', hint: 'Use one of them' },
    ],
    [
      'rollback --steps 1 --target 0001_one',
      { says: '--steps and --target cannot be combined', hint: 'Use one of them' },
    ],
    ['rollback --steps 1 --batch', { says: '--steps and --batch cannot be combined', hint: 'Use one of them' }],
    ['rollback --batch --all --force', { says: '--batch and --all cannot be combined', hint: 'Use one of them' }],
    ['rollback --target 0001_one --all', { says: '--target and --all cannot be combined', hint: 'Use one of them' }],
    ['safe down --steps 1 --target 0001_one', { says: '--steps and --target cannot', hint: 'Use one of them' }],
  ] satisfies Row[])('%s', usage)
})

describe('words that the command does not know are refused', () => {
  test.each([
    ['migrate --stepz 1', { says: ['stepz', '--steps'], hint: HELP }],
    ['rollback --target 0001_one --dryrun', { says: ['dryrun', '--dry-run'], hint: HELP }],
    ['rollbak', { says: 'Unknown command "rollbak"', hint: 'rollback' }],
    ['stauts --check', { says: 'Unknown command "stauts"', hint: 'status' }],
    ['migrate:statsu', { says: 'Unknown command "migrate:statsu"', hint: 'Did you mean' }],
    ['dwon', { says: 'Unknown command "dwon"', hint: 'down' }],
    ['frobnicate', { says: 'Unknown command "frobnicate"', hint: 'migrator --help lists the commands' }],
    ['help frobnicate', { says: 'Unknown command "frobnicate"', hint: 'migrator --help' }],
    ['migrate -x', { says: '"migrator migrate" has no option -x', hint: HELP }],
    ['plan --down 2', { says: 'plan --down takes no number. Write plan --down --steps N', hint: HELP }],
    ['plan --down=2', { says: 'plan --down takes no number. Write plan --down --steps N', hint: HELP }],
    ['migrate --dry-run=1', { says: '--dry-run takes no value (got "1")', hint: HELP }],
    ['rollback 0002_two', { says: '0002_two', hint: HELP }],
    ['safe sideways', { says: '"sideways" is not valid here: use up or down', hint: HELP }],
    ['repair wipe 0001_one', { says: ['wipe', 'accept-checksum', 'clear-dirty', 'restore-file'], hint: HELP }],
  ] satisfies Row[])('%s', usage)

  test('no command at all', async () => {
    const says = /no command was given/i
    await expectRefusal(project, { words: [], exit: 2, code: 'USAGE_INVALID', says, hint: HELP }, db)
  })
})

describe('a flag without its value, or with one that it does not take, is refused', () => {
  test.each([
    ['rollback --steps', { says: '--steps needs a value', hint: HELP }],
    ['migrate --transaction', { says: '--transaction needs a value', hint: HELP }],
    ['migrate --on-failure --dry-run', { says: '--on-failure needs a value', hint: HELP }],
    ['plan --format --output plan.md', { says: '--format needs a value', hint: HELP }],
    ['repair clear-dirty 0001_one --as', { says: '--as needs a value', hint: HELP }],
    ['rollback --target', { says: 'target', hint: HELP }],
    ['rollback --target --dry-run', { says: 'target', hint: HELP }],
    ['migrate --database-url', { says: 'database-url', hint: HELP }],
    ['migrate --migrations', { says: 'migrations', hint: HELP }],
    ['rollback --no-target', { says: 'target', hint: HELP }],
    ['status --no-database-url', { says: 'database-url', hint: HELP }],
    ['status --no-migrations', { says: 'migrations', hint: HELP }],
    ['migrate --lock-timeout soon', { says: ['--lock-timeout must be a duration', '500ms', 'got soon'], hint: HELP }],
    ['migrate --statement-timeout -5s', { says: ['--statement-timeout must be a duration', 'got -5s'], hint: HELP }],
    ['migrate --lock-retries 1.5', { says: ['--lock-retries must be a whole number', 'got 1.5'], hint: HELP }],
    ['migrate --lock-wait 5years', { says: ['--lock-wait must be a duration', 'got 5years'], hint: HELP }],
    ['migrate --transaction none', { says: '--transaction must be batch or each (got "none")', hint: HELP }],
    ['migrate --on-failure cry', { says: ['on-failure', 'cry', 'rollback', 'stop'], hint: HELP }],
    ['baseline', { says: /\bid\b/i, hint: HELP }],
    ['new', { says: /\bname\b/i, hint: HELP }],
    ['repair clear-dirty 0001_one', { says: '--as applied or --as pending', hint: 'Check the database first' }],
  ] satisfies Row[])('%s', usage)
})

describe('an option that would do nothing is refused', () => {
  const none = (command: string, ...options: readonly string[]) =>
    options.map(
      (option): Row => [
        `${command} ${option}`,
        { says: `"migrator ${command.split(' ')[0]}" has no option ${option.split(' ')[0]}`, hint: HELP },
      ],
    )
  const run = ['--transaction each', '--lock-timeout 1s', '--statement-timeout 1s', '--lock-retries 1']
  test.each([
    ...['status', 'plan', 'validate', 'drift', 'rehearse', 'history'].flatMap((command) => none(command, '--yes')),
    ...['baseline 0003_three', 'import drizzle', 'repair drop-record 0001_one'].flatMap((command) =>
      none(command, ...run, '--snapshot'),
    ),
    ...['import drizzle', 'repair drop-record 0001_one'].flatMap((command) => none(command, '--scratch-url x')),
    ...none('plan', '--dry-run', '--lock-timeout 1s', '--lock-wait 1s', '--lock-retries 1', '--confirm x', '--no-wait'),
    ...none('reset', '--confirm x', '--snapshot'),
    ...none('history', '--migrations migrations'),
    ...none('snapshot list', '--migrations migrations', '--no-backup'),
    ...none('restore x', '--migrations migrations', '--snapshot'),
    ...none('start', '--migrations migrations', '--database-url x', '--yes'),
    ...none('stop', '--migrations migrations', '--database-url x', '--yes'),
    ...none('new x', '--database-url x', '--yes'),
    ...none('redo', '--target x', '--batch', '--all', '--on-failure stop'),
    ['safe up --force', { says: '--force belongs to safe down', hint: HELP }],
    ['safe --preserve-data', { says: '--preserve-data belongs to safe down', hint: HELP }],
    ['safe down --on-failure stop', { says: '--on-failure belongs to safe up', hint: HELP }],
    ['safe down --allow-out-of-order', { says: '--allow-out-of-order belongs to safe up', hint: HELP }],
    ['baseline 0003_three --scratch-url x', { says: '--scratch-url belongs to --from-database', hint: HELP }],
    ['migrate --scratch-url x', { says: '--scratch-url belongs to --dry-run', hint: HELP }],
    ['rollback --no-wait', { says: '--no-wait applies to RDS and Aurora snapshots only', hint: '--snapshot' }],
    [
      'migrate --backup tables --db-instance x',
      { says: '--db-instance applies to RDS and Aurora', hint: '--snapshot' },
    ],
    ['plan --all', { says: '--all requires --down', hint: HELP }],
    ['plan --batch', { says: '--batch requires --down', hint: HELP }],
    ['plan --target 0001_one', { says: '0001_one is already applied', hint: 'migrator plan --down --target 0001_one' }],
    ['import --undo --skip-unmatched', { says: '--undo and --skip-unmatched cannot be combined', hint: HELP }],
    ['repair drop-record 0001_one --as pending', { says: '--as belongs to clear-dirty', hint: HELP }],
    ['snapshot list --keep 3', { says: '--keep belongs to snapshot prune', hint: HELP }],
    ['snapshot list --yes', { says: '--yes belongs to snapshot prune', hint: HELP }],
    ['snapshot prune --keep 1 --reason x', { says: '--reason belongs to snapshot create', hint: HELP }],
    ['restore x --yes', { says: '--yes and --confirm belong to --in-place', hint: HELP }],
  ] satisfies Row[])('%s', usage)
})

describe('a configuration that cannot be read is refused', () => {
  test.each([
    ['status --config nowhere.mjs', { says: ['There is no configuration file', 'nowhere.mjs'], hint: '--config' }],
    ['status --config migrations', { says: 'There is no configuration file', hint: '--config' }],
    ["status --config ''", { says: 'There is no configuration file', hint: '--config' }],
  ] satisfies Row[])('%s', check({ exit: 2, code: 'CONFIG_INVALID' }))
})

describe('a target that names no migration is refused with the nearest ones', () => {
  const unknown = check({ exit: 2, code: 'TARGET_UNKNOWN' })
  test.each([
    ['rollback --target 0001_on', { says: '"0001_on"', hint: ['Did you mean', '0001_one'] }],
    ['rollback --target 0001', { says: '"0001"', hint: ['Did you mean', '0001_one'] }],
    ['rollback --target 1', { says: '"1"', hint: ['Did you mean', '0001_one'] }],
    ['rollback --target 0001_ONE', { says: '"0001_ONE"', hint: ['Did you mean', '0001_one'] }],
    ['rollback --target 0001_one.up.sql', { says: '"0001_one.up.sql"', hint: ['Did you mean', '0001_one'] }],
    ["rollback --target ''", { says: '""', hint: 'migrator status' }],
    ['rollback --target zzzzzzzzzzzzzzzzzzzzzzzz', { says: '"zzzz', hint: 'migrator status' }],
    ["rollback --target one';DROP", { says: "one';DROP", hint: /Did you mean|migrator status/ }],
    ['migrate --target 0003_tree', { says: '"0003_tree"', hint: ['Did you mean', '0003_three'] }],
    ['migrate --target 20260101120000', { says: '"20260101120000"', hint: 'migrator status' }],
    ['migrate --dry-run --target 0003_tree', { says: '"0003_tree"', hint: ['Did you mean', '0003_three'] }],
    ['safe down --target 0001_on', { says: '"0001_on"', hint: ['Did you mean', '0001_one'] }],
    ['baseline 0003_tree', { says: '"0003_tree"', hint: ['Did you mean', '0003_three'] }],
  ] satisfies Row[])('%s', unknown)

  test.each([
    ['rollback --target 0003_three', { says: ['0003_three', 'not applied'], hint: '0002_two' }],
    ['repair accept-checksum 0002_twoo', { says: '"0002_twoo"', hint: ['Did you mean', '0002_two'] }],
    ['repair clear-dirty 0003_three --as applied', { says: 'no migration "0003_three"', hint: 'migrator status' }],
  ] satisfies Row[])('%s', check({ exit: 2, code: 'TARGET_NOT_APPLIED' }))
})

describe('reverting everything, or more than there is, needs --force', () => {
  const unconfirmed = check({ exit: 3, code: 'CONFIRMATION_REQUIRED' })
  test.each([
    ['rollback --steps 3', { says: ['3 steps', 'only 2 migrations are applied'], hint: ['fewer steps', '--force'] }],
    ['rollback --steps 2', { says: 'all 2 applied migrations', hint: '--force' }],
    ['rollback --all', { says: 'all 2 applied migrations', hint: '--force' }],
    ['rollback --all --dry-run', { says: 'all 2 applied migrations', hint: '--force' }],
    ['safe down --steps=2', { says: 'all 2 applied migrations', hint: '--force' }],
  ] satisfies Row[])('%s', unconfirmed)
})

test('--help and --version answer on stdout with 0 and change nothing', async () => {
  const lines = ['--help', '-h', 'help', 'rollback --help', 'help rollback', 'repair -h', '--version', '-v']
  for (const line of lines) {
    const { code, stdout, stderr } = await project.run(line.split(' '))
    expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: '' })
    expect(stdout).toMatch(/^--?v/.test(line) ? /^\d+\.\d+\.\d+/ : /migrator/)
  }
})
