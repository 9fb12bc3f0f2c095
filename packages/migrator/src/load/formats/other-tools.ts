import type { Listing, OtherTool } from './format.ts'

const exportWith = (tool: string) =>
  `Print the SQL of each migration with ${tool}, save it as a pair ID.up.sql and ID.down.sql, then run db:import.`

/** A module, or what else a tool keeps, whose text has the tool's mark. A few files are enough to know a folder. */
function containing(ending: RegExp, mark: RegExp): OtherTool['find'] {
  return ({ files, text }: Listing) =>
    files
      .filter((name) => ending.test(name) && !/\.d\.[mc]?ts$/.test(name))
      .slice(0, 20)
      .find((name) => mark.test(text(name) ?? ''))
}

const MODULE = /\.[mc]?[jt]s$/

/** Compiled modules have lost their types and perhaps their import: there the schema builder gives them away. */
const KYSELY =
  /(?:\bfrom\s*|\brequire\(\s*)['"]kysely['"]|:\s*Kysely\s*<|\.schema\s*\.\s*(?:create|alter|drop)(?:Table|Index|Schema|View|Type)\(\s*[^,()]*\)/

const PG_MIGRATE =
  /\(\s*pgm\b|(?<!\w)pgm\s*(?:=>|\.)|\bMigrationBuilder\b|\bexports\.shorthands\b|\bexport\s+const\s+shorthands\b/

/** Tools whose migrations are programs over a library of their own: they cannot be run by anyone else. */
export const otherTools: readonly OtherTool[] = [
  {
    name: 'TypeORM',
    find: containing(MODULE, /\bMigrationInterface\b|\(\s*queryRunner\b/),
    advice: `TypeORM migrations need TypeORM's QueryRunner. ${exportWith('TypeORM')}`,
  },
  {
    name: 'Sequelize',
    find: containing(MODULE, /\bqueryInterface\b|\bQueryInterface\b/),
    advice: `Sequelize migrations need Sequelize's QueryInterface. ${exportWith('Sequelize')}`,
  },
  {
    name: 'Knex',
    find: containing(MODULE, /\bfrom\s+['"]knex['"]|\(\s*knex\b|\bknex\.schema\b/i),
    advice: `Knex migrations need Knex's schema builder. ${exportWith('Knex')}`,
  },
  {
    name: 'Kysely',
    find: containing(MODULE, KYSELY),
    advice: `Kysely migrations need a Kysely database, which does not exist here. ${exportWith('Kysely')}`,
  },
  {
    name: 'MikroORM',
    find: containing(MODULE, /['"]@mikro-orm\/migrations['"]/),
    advice: `MikroORM migrations need MikroORM's Migration class. ${exportWith('MikroORM')}`,
  },
  {
    name: 'node-pg-migrate (modules)',
    find: containing(MODULE, PG_MIGRATE),
    advice: `node-pg-migrate's JavaScript migrations need its own builder. SQL migrations load as they are. ${exportWith('node-pg-migrate')}`,
  },
  {
    name: 'sqitch',
    find: (listing) =>
      containing(/\.sql$/, /^--\s*(?:Deploy|Revert|Verify)\s+\S+\s+(?:to|from|on)\s+pg\b/)(listing) ??
      listing.files.find((name) => name === 'sqitch.plan' || name === 'sqitch.conf') ??
      (['deploy', 'revert', 'verify'].every((name) => listing.folders.includes(name)) ? 'deploy' : undefined),
    advice:
      'Copy deploy/NAME.sql to NNNN_NAME.up.sql and revert/NAME.sql to NNNN_NAME.down.sql, in the order of sqitch.plan.',
  },
  {
    name: 'Rails',
    find: containing(/\.rb$/, /\bActiveRecord::Migration\b/),
    advice: `Rails migrations are written in Ruby. ${exportWith('Rails')}`,
  },
  {
    name: 'Liquibase (XML, YAML or JSON)',
    find: containing(/\.(?:xml|ya?ml)$|changelog.*\.json$/, /\bdatabaseChangeLog\b/),
    advice:
      'Print the SQL with `liquibase update-sql` and `rollback-sql`, or use formatted SQL changelogs, which load as they are.',
  },
  {
    name: 'Alembic',
    find: containing(/\.py$/, /\bdown_revision\b/),
    advice:
      'For each revision, save what `alembic upgrade --sql` prints as ID.up.sql, and what `alembic downgrade --sql` prints as ID.down.sql.',
  },
  {
    name: 'Django',
    find: containing(/\.py$/, /\bmigrations\.Migration\b/),
    advice:
      'For each migration, save what `manage.py sqlmigrate` prints as ID.up.sql, and what it prints with --backwards as ID.down.sql.',
  },
  {
    name: 'Laravel',
    find: containing(/\.php$/, /\bIlluminate\\Database\\Migrations\b/),
    advice: `Laravel migrations are written in PHP. ${exportWith('artisan migrate --pretend')}`,
  },
  {
    name: 'Ecto',
    find: containing(/\.exs$/, /\buse\s+Ecto\.Migration\b/),
    advice: `Ecto migrations are written in Elixir. ${exportWith('Ecto')}`,
  },
]
