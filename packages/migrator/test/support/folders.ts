/** Small folders in the shape of each tool; all of them create table a, then table b. */
export interface ToolFolder {
  readonly tool: string | undefined
  readonly files: Readonly<Record<string, string>>
  readonly ids: readonly [string, string]
  /** Whether the format has downs. */
  readonly reversible: boolean
}

const A = 'CREATE TABLE a (id int);\n'
const B = 'CREATE TABLE b (id int);\n'
const both = (up: string, down: string) => (name: string) =>
  `${up}\nCREATE TABLE ${name} (id int);\n\n${down}\nDROP TABLE ${name};\n`

export const toolFolders: Readonly<Record<string, ToolFolder>> = {
  'drizzle-kit 0.x': {
    tool: 'drizzle-kit',
    files: {
      '0000_loud_hulk.sql':
        'CREATE TABLE "a" (\n\t"id" integer\n);\n--> statement-breakpoint\nCREATE INDEX "a_id" ON "a" ("id");',
      '0001_calm_thor.sql': B,
      'meta/_journal.json': JSON.stringify({
        version: '7',
        dialect: 'postgresql',
        entries: [
          { idx: 0, version: '7', when: 1_700_000_000_000, tag: '0000_loud_hulk', breakpoints: true },
          { idx: 1, version: '7', when: 1_700_000_100_000, tag: '0001_calm_thor', breakpoints: true },
        ],
      }),
      'meta/0000_snapshot.json': '{}',
    },
    ids: ['0000_loud_hulk', '0001_calm_thor'],
    reversible: false,
  },
  'drizzle-kit 1': {
    tool: 'drizzle-kit 1',
    files: {
      '20240101000000_loud_hulk/migration.sql': A,
      '20240101000000_loud_hulk/snapshot.json': '{}',
      '20240102000000_calm_thor/migration.sql': B,
      '20240102000000_calm_thor/snapshot.json': '{}',
    },
    ids: ['20240101000000_loud_hulk', '20240102000000_calm_thor'],
    reversible: false,
  },
  'golang-migrate and sqlx pairs': {
    tool: undefined,
    files: {
      '000001_a.up.sql': A,
      '000001_a.down.sql': 'DROP TABLE a;\n',
      '000002_b.up.sql': B,
      '000002_b.down.sql': 'DROP TABLE b;\n',
    },
    ids: ['000001_a', '000002_b'],
    reversible: true,
  },
  diesel: {
    tool: 'diesel or Hasura',
    files: {
      '2024-01-01-000000_a/up.sql': A,
      '2024-01-01-000000_a/down.sql': 'DROP TABLE a;\n',
      '2024-01-02-000000_b/up.sql': B,
      '2024-01-02-000000_b/down.sql': 'DROP TABLE b;\n',
      '.keep': '',
    },
    ids: ['2024-01-01-000000_a', '2024-01-02-000000_b'],
    reversible: true,
  },
  Hasura: {
    tool: 'diesel or Hasura',
    files: {
      '1700000000000_a/up.sql': A,
      '1700000000000_a/down.sql': 'DROP TABLE a;\n',
      '1700000100000_b/up.sql': B,
      '1700000100000_b/down.sql': 'DROP TABLE b;\n',
    },
    ids: ['1700000000000_a', '1700000100000_b'],
    reversible: true,
  },
  dbmate: {
    tool: 'dbmate',
    files: {
      '20240101000000_a.sql': both('-- migrate:up', '-- migrate:down')('a'),
      '20240102000000_b.sql': both('-- migrate:up transaction:false', '-- migrate:down transaction:false')('b'),
    },
    ids: ['20240101000000_a', '20240102000000_b'],
    reversible: true,
  },
  goose: {
    tool: 'goose',
    files: {
      '00001_a.sql': `-- +goose Up
-- +goose StatementBegin
DO $$ BEGIN CREATE TABLE a (id int); END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE a;
`,
      '00002_b.sql': both('-- +goose NO TRANSACTION\n-- +goose Up', '-- +goose Down')('b'),
    },
    ids: ['00001_a', '00002_b'],
    reversible: true,
  },
  'node-pg-migrate SQL': {
    tool: 'node-pg-migrate',
    files: {
      '1700000000000_a.sql': both('-- Up Migration', '-- Down Migration')('a'),
      '1700000100000_b.sql': both('-- Up Migration', '-- Down Migration')('b'),
    },
    ids: ['1700000000000_a', '1700000100000_b'],
    reversible: true,
  },
  Prisma: {
    tool: 'Prisma',
    files: {
      'migration_lock.toml': '# do not edit\nprovider = "postgresql"\n',
      '20240101000000_a/migration.sql': `-- CreateTable\n${A}`,
      '20240102000000_b/migration.sql': `-- CreateTable\n${B}`,
    },
    ids: ['20240101000000_a', '20240102000000_b'],
    reversible: false,
  },
  Flyway: {
    tool: 'Flyway',
    files: {
      'V2.9__a.sql': A,
      'U2.9__a.sql': 'DROP TABLE a;\n',
      'V2.10__b.sql': B,
      'U2_10__b.sql': 'DROP TABLE b;\n',
      'R__views.sql': 'CREATE OR REPLACE VIEW v AS SELECT 1 AS one;\n',
    },
    ids: ['V2.9__a', 'V2.10__b'],
    reversible: true,
  },
  Atlas: {
    tool: 'Atlas',
    files: { '20240101000000.sql': A, '20240102000000_b.sql': B, 'atlas.sum': 'h1:x=\n' },
    ids: ['20240101000000', '20240102000000_b'],
    reversible: false,
  },
  'sqlx without downs': {
    tool: 'numbered SQL files',
    files: { '20240101000000_a.sql': A, '20240102000000_b.sql': `-- no-transaction\n${B}` },
    ids: ['20240101000000_a', '20240102000000_b'],
    reversible: false,
  },
  'Liquibase formatted SQL': {
    tool: 'Liquibase formatted SQL',
    files: {
      '01-first.sql': `--liquibase formatted sql

--changeset ann:1
CREATE TABLE a (id int);
--rollback DROP TABLE a;

--changeset ann:2 runOnChange:false
CREATE INDEX a_id ON a (id);
--rollback DROP INDEX a_id;
`,
      '02-second.sql': `-- liquibase formatted sql
-- changeset ann:3
CREATE TABLE b (id int);
/* liquibase rollback
DROP TABLE b;
*/
`,
    },
    ids: ['01-first', '02-second'],
    reversible: true,
  },
}
