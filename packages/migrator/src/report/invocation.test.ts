import { expect, test } from 'vitest'
import { errorTable } from '../errors.ts'
import { asProgram, asScripts, programOf, scriptsOf } from './invocation.ts'

/** The same text in a repository's scripts and in the program; saying it twice changes nothing. */
function check(text: string, inScripts: string, inProgram: string): void {
  expect(asScripts.speak(text)).toBe(inScripts)
  expect(asProgram.speak(text)).toBe(inProgram)
  expect(asScripts.speak(inScripts)).toBe(inScripts)
  expect(asProgram.speak(inProgram)).toBe(inProgram)
}

test('commands are named as they are called here', () => {
  check('Run db:migrate again.', 'Run pnpm db:migrate again.', 'Run migrator migrate again.')
  check('db:repair accept-checksum ID', 'pnpm db:repair accept-checksum ID', 'migrator repair accept-checksum ID')
  check('db:start, or db:stop', 'pnpm db:start, or pnpm db:stop', 'migrator start, or migrator stop')
})

test('the longer script names are shorter in the program', () => {
  check('Look at db:migrate:status.', 'Look at pnpm db:migrate:status.', 'Look at migrator status.')
  check('db:migrate:safe down', 'pnpm db:migrate:safe down', 'migrator safe down')
})

test('what is spoken already is not spoken twice', () => {
  check('Run pnpm db:migrate.', 'Run pnpm db:migrate.', 'Run migrator migrate.')
})

test('a colon after a command does not belong to it', () => {
  check('after db:migrate: look', 'after pnpm db:migrate: look', 'after migrator migrate: look')
})

test('hosts, URLs and other words with a colon stay', () => {
  for (const text of [
    'postgresql://app@db:5432/shop',
    'Cannot connect to db:5432',
    'jdbc:postgresql',
    'mydb:migrate',
    'db: down',
    'DB:UP',
    '',
  ])
    check(text, text, text)
})

test('commands are written out for help texts', () => {
  const both = (name: string) => [asScripts.command(name), asProgram.command(name)]
  expect(both('rollback')).toEqual(['pnpm db:rollback', 'migrator rollback'])
  expect(both('status')).toEqual(['pnpm db:migrate:status', 'migrator status'])
  expect(both('safe')).toEqual(['pnpm db:migrate:safe', 'migrator safe'])
})

test('no hint of any error keeps a bare db: name', () => {
  for (const { hint } of Object.values(errorTable)) {
    expect(asProgram.speak(hint)).not.toMatch(/\bdb:[a-z]/)
    expect(asScripts.speak(hint)).not.toMatch(/(?<!pnpm )\bdb:[a-z]/)
  }
})

test('hints name what the package manager of the project runs', () => {
  expect(programOf('npm').speak('Run db:migrate:status.')).toBe('Run npx migrator status.')
  expect(programOf('pnpm').speak('Run db:migrate.')).toBe('Run pnpm exec migrator migrate.')
  expect(programOf('yarn').command('plan')).toBe('yarn migrator plan')
  expect(scriptsOf('yarn').speak('db:start')).toBe('yarn db:start')
})

test("separates options from npm's own with --", () => {
  const { speak } = scriptsOf('npm')
  const spoken =
    'npm run db:rehearse -- --all --write, npm run db:repair clear-dirty ID -- --as applied, npm run db:migrate.'
  expect(speak('db:rehearse --all --write, db:repair clear-dirty ID --as applied, db:migrate.')).toBe(spoken)
  expect(speak(spoken)).toBe(spoken)
})
