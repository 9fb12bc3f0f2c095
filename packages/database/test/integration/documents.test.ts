import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { errorTable } from '@repo/migrator'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Copy, copyRepository } from '../support/copy.ts'
import {
  anchorsOf,
  type Block,
  blocksOf,
  commandsOf,
  type Document,
  fileLike,
  isRun,
  linksOf,
  readDocuments,
  root,
  sectionOf,
  stays,
} from '../support/documents.ts'
import { createReader, type Reader } from '../support/reader.ts'

const packageDirectory = fileURLToPath(new URL('../..', import.meta.url))
const documents = readDocuments()

function documentAt(path: string): Document {
  const found = documents.find((document) => document.path === path)
  if (!found) throw new Error(`there is no ${path}`)
  return found
}

describe('what the documents tell to type', () => {
  let copy: Copy

  beforeAll(async () => {
    copy = await copyRepository(root)
  })

  afterAll(() => copy.remove())

  // In order: each document leaves the database as the next one finds it. The README's first command installs.
  const told = documents.filter((document) => blocksOf(document).some(isRun))
  test.each(told)('$path works, line by line', { timeout: 900_000 }, async ({ path, text }) => {
    const reader = createReader(copy)
    try {
      for (const block of blocksOf({ path, text })) {
        if (block.file) await writeFile(fileLike(copy.directory, block.file), block.text)
        if (stays(block)) for (const command of commandsOf(block)) await reader.start(command.text)
        else if (isRun(block)) await typeAll(reader, path, block)
      }
    } finally {
      await reader.leave()
    }
  })

  async function typeAll(reader: Reader, path: string, block: Block): Promise<void> {
    for (const command of commandsOf(block)) {
      const { code, stdout, stderr } = await reader.type(command.text)
      expect(code, `${path}:${command.line}: ${command.text}\n${stdout}${stderr}`).toBe(command.exitCode)
    }
  }

  test('the SQL of the runbooks and of the history tables runs', async () => {
    await copy.type('pnpm db:migrate')
    const { stdout } = await copy.type('pnpm db:start --json')
    const sql = postgres(JSON.parse(stdout).url, { max: 1, onnotice: () => undefined })
    try {
      for (const path of SQL_DOCUMENTS) {
        for (const { language, text, line } of blocksOf(documentAt(path))) {
          if (language !== 'sql') continue
          const failure = await sql
            .unsafe(text)
            .simple()
            .then(
              () => undefined,
              (error: Error) => error.message,
            )
          expect(failure, `${path}:${line}`).toBeUndefined()
        }
      }
    } finally {
      await sql.end({ timeout: 1 })
    }
  })

  test('the JSON documents of the reference have the keys of the real ones', async () => {
    await copy.type('pnpm db:migrate')
    for (const { comment = '', line, text } of blocksOf(documentAt('docs/reference/cli.md'))) {
      const command = /^keys as in: (.+)$/.exec(comment)?.[1]
      if (command === undefined) continue
      const { stdout } = await copy.type(command)
      expect(keysOf(JSON.parse(text)), `docs/reference/cli.md:${line}`).toEqual(keysOf(JSON.parse(stdout)))
    }
  })
})

/** Its own keys, and those of the first object in each of its lists. */
function keysOf(document: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(document)
    .flatMap(([key, value]) => {
      const first: unknown = Array.isArray(value) ? value[0] : undefined
      const inner = typeof first === 'object' && first !== null ? Object.keys(first) : []
      return [key, ...inner.map((name) => `${key}[].${name}`)]
    })
    .sort()
}

describe('the reference', () => {
  const cli = documentAt('docs/reference/cli.md')
  const forAll = ['Global options', 'Flags of runs'].map((heading) => sectionOf(cli, heading)).join('\n')
  let flags: ReadonlyMap<string, readonly string[]>

  beforeAll(async () => {
    const scripts = [...(await help()).matchAll(/^ +pnpm (db:[\w:]+)/gm)].map(([, script = '']) => script)
    const helps = await Promise.all(
      scripts.map(async (script) => [script, flagsIn(await help(script.replace('db:', '')))] as const),
    )
    flags = new Map(helps)
  })

  test('has a section for every command, with every flag of its --help', () => {
    expect(flags.size).toBeGreaterThan(10)
    for (const [script, names] of flags) {
      const section = sectionOf(cli, script)
      expect(section, script).toBeDefined()
      expect(flagsIn(`${forAll}${section}`), script).toEqual(expect.arrayContaining([...names]))
    }
  })

  test('names no flag that no command has', () => {
    const known = new Set([...flags.values()].flat())
    for (const flag of flagsIn(cli.text.replace(/^.*\bpsql\b.*$/gm, ''))) {
      expect([...known], flag).toContain(flag)
    }
  })

  test('has a section for every error, which says its exit code, and for no other', () => {
    const errors = documentAt('docs/reference/errors.md')
    const headings = [...errors.text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect([...headings].sort()).toEqual([...Object.keys(errorTable), 'INTERNAL'].sort())
    for (const [code, { exit }] of Object.entries(errorTable)) {
      expect(sectionOf(errors, code), code).toMatch(new RegExp(`^Exit ${exit}\\.`, 'm'))
    }
  })

  test('is where the errors point', () => {
    for (const [code, { hint }] of Object.entries(errorTable)) {
      for (const [path] of hint.matchAll(/docs\/[\w/-]+\.md/g)) expect(existsSync(join(root, path)), code).toBe(true)
    }
    expect(anchorsOf(documentAt('docs/runbooks/rollback.md'))).toContain('a-migration-is-dirty')
  })

  test('every command line of any document has a script and flags that exist', () => {
    for (const document of documents) {
      for (const block of blocksOf(document).filter(({ language }) => language === 'bash')) {
        for (const { text, line } of commandsOf(block)) {
          const script = /\bdb:[a-z]+(?::[a-z]+)?/.exec(text)
          if (!script) continue
          const place = `${document.path}:${line}: ${text}`
          expect([...flags.keys()], place).toContain(script[0])
          for (const flag of flagsIn(text.slice(script.index))) {
            expect(flags.get(script[0]), place).toContain(flag)
          }
        }
      }
    }
  })

  test('every db:… that is spoken of is a script, here and at the root', () => {
    const scripts = [packageDirectory, root].map(
      (directory) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).scripts as object,
    )
    for (const { path, text } of documents) {
      for (const [name] of text.matchAll(/(?<![\w:])db:[a-z]+(?::[a-z]+)?/g)) {
        for (const known of scripts) expect(Object.keys(known), `${path}: ${name}`).toContain(name)
      }
    }
  })

  test('every flag that the prose of a document names exists', () => {
    const known = new Set([...[...flags.values()].flat(), ...OTHER_PROGRAMS_FLAGS])
    for (const { path, text } of documents) {
      for (const [, words = ''] of proseOf(text).matchAll(/`((?:--|db:|migrator )[^`\n]*)`/g)) {
        for (const flag of flagsIn(words)) expect([...known], `${path}: ${words}`).toContain(flag)
      }
    }
  })

  async function help(...words: string[]): Promise<string> {
    const args = ['bin/db.mjs', ...words, '--help']
    return (await promisify(execFile)(process.execPath, args, { cwd: packageDirectory })).stdout
  }
})

function flagsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag))]
}

describe('what a document quotes from the source is there:', () => {
  const source = sourceText()

  test('error codes and names of variables', () => {
    for (const { path, text } of documents) {
      for (const [, name = ''] of text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)) {
        expect(OTHERS_VARIABLES.has(name) || source.includes(name), `${path}: ${name}`).toBe(true)
      }
    }
  })

  test('the words of the output', () => {
    const stale = documents.flatMap((document) =>
      blocksOf(document)
        .filter(({ language }) => language === 'text')
        .flatMap(({ text, line }) => staleWords(text, source).map((words) => `${document.path}:${line}: ${words}`)),
    )
    expect(stale).toEqual([])
  })
})

/** All that the packages print is somewhere in their sources; what a template fills in is a gap between words. */
function sourceText(): string {
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name, 'src')),
  )
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join(' ')
    .replace(/\\n|[`'"]|\$\{[^{}]*\}/g, ' ')
    .replace(/\s+/g, ' ')
}

/**
 * Words in a row that the source does not have. A gap in a template makes two triples that are not found; a sentence with
 * another word in it makes three, one after the other.
 */
function staleWords(output: string, source: string): readonly string[] {
  const runs = output.replace(/\n(?!\n)/g, ' ').split(/[^A-Za-z ]+|\b[a-z]*[A-Z]\w*/)
  return runs.flatMap((run) => {
    const words = run.split(' ').filter((word) => word !== '')
    const isStale = (at: number) => at + 3 <= words.length && !source.includes(words.slice(at, at + 3).join(' '))
    return words.flatMap((_, at) =>
      isStale(at) && isStale(at + 1) && isStale(at + 2) ? [words.slice(at, at + 5).join(' ')] : [],
    )
  })
}

function proseOf(text: string): string {
  return text.replace(/^\s*```[\s\S]*?^\s*```/gm, '')
}

describe('every document', () => {
  test.each(documents)('$path links to what there is', (document) => {
    for (const { target, path, anchor } of linksOf(document)) {
      const file = path === '' ? document.path : normalize(join(dirname(document.path), path))
      expect(existsSync(join(root, file)), target).toBe(true)
      if (anchor) expect([...anchorsOf(documentAt(file))], target).toContain(anchor)
    }
  })

  test('marks its shell blocks as bash, so that none escapes', () => {
    const others = documents.flatMap((document) => blocksOf(document).filter(({ language }) => SHELLS.has(language)))
    expect(others).toEqual([])
  })
})

const SQL_DOCUMENTS = ['docs/runbooks/rollback.md', 'docs/runbooks/restore.md', 'docs/reference/history-tables.md']
/** Read by the AWS SDK, by Node, by other people's projects and by the tests. */
const OTHERS_VARIABLES = new Set(['AWS_SESSION_TOKEN', 'NODE_EXTRA_CA_CERTS', 'POSTGRES_URL', 'TEST_DATABASE_URL'])
/** Liquibase's marks in an SQL file, the flag of pg_restore, the simulator's, pnpm's; one that is redacted. */
const OTHER_PROGRAMS_FLAGS = [
  '--password',
  '--changeset',
  '--create',
  '--liquibase',
  '--rollback',
  '--cluster',
  '--silent',
  '--version',
]
const SHELLS = new Set(['sh', 'shell', 'console', 'zsh'])
