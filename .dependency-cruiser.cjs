// Who may import whom: ARCHITECTURE.md, as rules. `pnpm tidy` runs them.
const engine = 'packages/migrator/src/'
const rooms = (...names) => names.map((name) => `^${engine}${name}(/|\\.ts$)`).join('|')

/** A room may import only the rooms named (and itself). */
const only = (room, allowed, comment) => ({
  name: `${room}-imports`,
  severity: 'error',
  comment,
  from: { path: rooms(room), pathNot: '\\.test\\.ts$' },
  to: { path: `^${engine}`, pathNot: rooms(room, ...allowed) },
})

const pure = (room) => ({
  name: `${room}-is-pure`,
  severity: 'error',
  comment: 'Pure rooms know no file system, driver, clock or logger.',
  from: { path: rooms(room), pathNot: '\\.test\\.ts$' },
  to: {
    dependencyTypes: ['core', 'npm', 'npm-peer', 'npm-dev', 'npm-no-pkg', 'npm-unknown'],
    pathNot: room.endsWith('/script') ? 'libpg-query' : '^$',
  },
})

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('core', ['errors'], 'core decides; it knows only itself and the errors.'),
    only('ports', ['core', 'errors'], 'ports are types.'),
    only('safety', ['core', 'ports', 'errors'], 'safety judges.'),
    only('engine', ['core', 'ports', 'safety', 'errors'], 'The engine knows no adapter and no dialect.'),
    ...['load', 'providers/rds', 'providers/file'].map((room) =>
      only(room, ['core', 'ports', 'errors'], 'Adapters never know each other, nor a dialect.'),
    ),
    only(
      'report',
      ['core', 'ports', 'errors', 'version'],
      'Texts know what they tell of, and the name of the package.',
    ),
    only('dialects/postgres', ['core', 'ports', 'safety', 'errors'], 'A dialect knows neither the engine nor another.'),
    only(
      'testing',
      ['engine', 'ports', 'core', 'dialects/postgres', 'errors'],
      'testing drives the engine, and plants faults in a real PostgreSQL.',
    ),
    pure('core'),
    pure('dialects/postgres/script'),
    pure('dialects/postgres/connection'),
    {
      name: 'cli-is-the-edge',
      severity: 'error',
      comment: 'Nothing imports the commands but the commands, and the index for the configuration.',
      from: { path: `^${engine}`, pathNot: `^${engine}cli/|\\.test\\.ts$` },
      to: { path: `^${engine}cli/`, pathNot: `^${engine}cli/config\\.ts$` },
    },
    {
      name: 'aws-only-in-its-room',
      severity: 'error',
      from: { pathNot: `^${engine}providers/rds/|^packages/rds-simulator/test/` },
      to: { path: '@aws-sdk' },
    },
    {
      name: 'migrations-are-frozen',
      severity: 'error',
      comment: 'An applied migration must not change its meaning: it imports nothing of the product.',
      from: { path: '^packages/database/src/migrations/' },
      to: { pathNot: '^packages/database/src/migrations/|node_modules' },
    },
    {
      name: 'public-entry-points-only',
      severity: 'error',
      from: { path: '^(packages/(database|rds-simulator)|apps)/' },
      to: {
        path: `^${engine}`,
        pathNot: `^${engine}(index|cli/index|cli/config|dialects/postgres/scratch/embedded/embedded-server|providers/rds/provider|testing/index)\\.ts$`,
      },
    },
    {
      name: 'simulator-is-for-tests',
      severity: 'error',
      comment: 'Development only: nothing that ships knows it, and tests only its public entry point.',
      from: { path: '^(packages|apps)/', pathNot: '^packages/rds-simulator/' },
      to: { path: '^packages/rds-simulator/', pathNot: '^packages/rds-simulator/src/index\\.ts$' },
    },
    {
      name: 'apps-import-the-database',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/' },
      to: { path: '^packages/', pathNot: '^packages/database/src/(index|schema/index)\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|test/fixtures)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
}
