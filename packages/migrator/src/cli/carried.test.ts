import { expect, test } from 'vitest'
import { carriedOptions } from './carried.ts'

function check(flags: Parameters<typeof carriedOptions>[0], expected: string): void {
  expect(carriedOptions(flags)).toBe(expected)
}

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
