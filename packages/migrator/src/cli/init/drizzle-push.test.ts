import { expect, test } from 'vitest'
import { dangerOfPush } from './drizzle-push.ts'

/** As drizzle-kit 0.31 and 1.0.0-rc.5 plan it. */
test.each([
  ['drizzle-kit 0 looks at public', 'public.schema_migrations', 0, [], undefined, 'Move it'],
  ['and at no other schema', 'migrator.schema_migrations', 0, [], undefined, undefined],
  [
    'unless a schemaFilter includes it',
    'migrator.schema_migrations',
    0,
    [],
    ['public', 'migrator'],
    "schemaFilter: ['public']",
  ],
  ['a filter of tables is left alone', 'public.schema_migrations', 0, ['shop_*'], undefined, undefined],
  ['drizzle-kit 1 looks at all', 'migrator.schema_migrations', 1, [], undefined, "schemaFilter: ['public']"],
  ['but for those left out', 'migrator.schema_migrations', 1, [], ['!migrator'], undefined],
  ['by a pattern too', 'migrator.schema_migrations', 1, [], ['public', 'shop*'], undefined],
  ['and what a pattern takes in', 'migrator.schema_migrations', 1, [], ['shop', 'mig*'], "schemaFilter: ['shop'"],
] as const)('%s: %s, %i', (_, history, major, tablesFilter, schemaFilter, advice) => {
  const danger = dangerOfPush(history, { config: { file: 'drizzle.config.ts', tablesFilter, schemaFilter }, major })
  if (advice === undefined) expect(danger).toBe(undefined)
  else expect(danger).toContain(advice)
})
