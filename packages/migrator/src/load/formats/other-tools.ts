import type { Listing, OtherTool } from './format.ts'

const GENERATE =
  'Let it print the SQL of each migration, write that as pairs ID.up.sql and ID.down.sql, then adopt its history with db:import.'

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
    advice: `TypeORM's migrations need its QueryRunner. ${GENERATE}`,
  },
  {
    name: 'Sequelize',
    find: containing(MODULE, /\bqueryInterface\b|\bQueryInterface\b/),
    advice: `Sequelize's migrations need its QueryInterface. ${GENERATE}`,
  },
  {
    name: 'Knex',
    find: containing(MODULE, /\bfrom\s+['"]knex['"]|\(\s*knex\b|\bknex\.schema\b/i),
    advice: `Knex's migrations need its schema builder. ${GENERATE}`,
  },
  {
    name: 'Kysely',
    find: containing(MODULE, KYSELY),
    advice: `Kysely's migrations need a Kysely database; here they get a Drizzle one. ${GENERATE}`,
  },
  {
    name: 'MikroORM',
    find: containing(MODULE, /['"]@mikro-orm\/migrations['"]/),
    advice: `MikroORM's migrations need its Migration class. ${GENERATE}`,
  },
  {
    name: 'node-pg-migrate (modules)',
    find: containing(MODULE, PG_MIGRATE),
    advice: `Its modules need its builder; its SQL files load unchanged. ${GENERATE}`,
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
    advice: `Rails' migrations are Ruby. ${GENERATE}`,
  },
  {
    name: 'Liquibase (XML, YAML or JSON)',
    find: containing(/\.(?:xml|ya?ml)$|changelog.*\.json$/, /\bdatabaseChangeLog\b/),
    advice:
      'Let `liquibase update-sql` and `rollback-sql` print the SQL, or use its formatted SQL, which loads unchanged.',
  },
  {
    name: 'Alembic',
    find: containing(/\.py$/, /\bdown_revision\b/),
    advice: 'Let `alembic upgrade --sql` and `alembic downgrade --sql` print the SQL of each revision as a pair.',
  },
  {
    name: 'Django',
    find: containing(/\.py$/, /\bmigrations\.Migration\b/),
    advice: 'Let `manage.py sqlmigrate` print the SQL of each migration, also with --backwards, as a pair.',
  },
  {
    name: 'Laravel',
    find: containing(/\.php$/, /\bIlluminate\\Database\\Migrations\b/),
    advice: `Laravel's migrations are PHP; \`artisan migrate --pretend\` prints their SQL. ${GENERATE}`,
  },
  {
    name: 'Ecto',
    find: containing(/\.exs$/, /\buse\s+Ecto\.Migration\b/),
    advice: `Ecto's migrations are Elixir. ${GENERATE}`,
  },
]
