import { expect, test } from 'vitest'
import yargs from 'yargs'
import { asProgram } from '../report/invocation.ts'
import { carriedOptions } from './carried.ts'
import type { Cli } from './command.ts'
import { COMMAND_NAMES, commandsFor } from './commands/index.ts'

function check(flags: Parameters<typeof carriedOptions>[0], expected: string): void {
  expect(carriedOptions(flags, 'db:migrate --dry-run')).toBe(expected)
}

const cli = { invocation: asProgram } as Cli

test.each(COMMAND_NAMES)('%s gets the options that it has', async (name) => {
  const [command] = await commandsFor(name, cli)
  const parser = yargs()
  command?.builder(parser)
  // yargs has no declared way to ask for the options of a parser.
  const { key } = (parser as unknown as { getOptions(): { key: Record<string, unknown> } }).getOptions()
  const flags = { config: 'c', migrations: 'm', databaseUrl: 'u' }
  const has = Object.keys(key).filter((each) => each in { config: 1, migrations: 1, 'database-url': 1 })
  const carried = [...carriedOptions(flags, `db:${name} x`).matchAll(/--([\w-]+)/g)].map(([, flag]) => flag)
  expect(carried.toSorted()).toEqual(has.toSorted())
})

test('options are carried as they are typed, quoted where a shell needs it', () => {
  check({}, '')
  check({ migrations: 'db/migrations', config: 'a b.ts' }, " --config 'a b.ts' --migrations db/migrations")
  check({ migrations: "it's" }, " --migrations 'it'\\''s'")
})

test('a password is not', () => {
  const check1 = (url: string, expected: string) => check({ databaseUrl: url }, ` --database-url ${expected}`)
  check1('postgresql://app:s3cret@db:5432/shop', 'postgresql://app@db:5432/shop')
  check1('postgres://app:a%40b:c@db/shop', 'postgres://app@db/shop')
  check1('postgresql://db/shop?password=s3cret', 'postgresql://db/shop')
  check1('postgresql://db/shop?user=a&password=s3cret&sslmode=require', "'postgresql://db/shop?user=a&sslmode=require'")
  check1('postgresql://db/shop?sslpassword=s', 'postgresql://db/shop')
  check1('host=db password=s3cret dbname=shop', "'host=db dbname=shop'")
  check1("host=db password = 'it\\'s' user=a", "'host=db user=a'")
  check1('postgresql://db/shop?PASSWORD=s&user=a', "'postgresql://db/shop?user=a'")
})
