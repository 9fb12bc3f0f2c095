/**
 * Load: a migrations directory in, migrations out. Refuses by listing every problem; executes nothing but the
 * modules that are asked for. Knows no database.
 * This file: which files belong to which migration.
 */
import { readdirSync } from 'node:fs'
import type { FileProblem } from '../core/file-problem.ts'
import { compareIds, compareText, type MigrationFile, numberOf } from '../core/migration.ts'
import { MigratorError } from '../errors.ts'
import { moduleFile } from './module.ts'
import { sqlPair } from './sql-pair.ts'

export interface Directory {
  readonly path: string
  /** Ordered by id. Migrations with a problem are left out where they cannot be planned at all. */
  readonly files: readonly MigrationFile[]
  readonly problems: readonly FileProblem[]
}

interface Found {
  readonly id: string
  readonly part: 'up' | 'down' | 'seed' | 'module'
  readonly name: string
}

const SQL_NAME = /^(.+)\.(up|down|seed)\.sql$/
const MODULE_NAME = /^(.+?)\.(?:ts|mts|cts|js|mjs|cjs)$/
const NOT_A_MIGRATION = /\.d\.[mc]?ts$|\.(?:test|spec)\.[mc]?[jt]s$/

/**
 * Reads a directory, without executing anything. Files whose name does not begin with a digit are no migrations
 * (helpers, a README), unless they are named as an SQL pair; folders are not entered. Throws MIGRATIONS_DIRECTORY_MISSING.
 */
export function readDirectory(path: string): Directory {
  const found: Found[] = []
  const problems: FileProblem[] = []
  for (const name of listFiles(path)) {
    const match = recognise(name)
    if (match === undefined) continue
    if ('kind' in match) problems.push(match)
    else found.push(match)
  }
  const files: MigrationFile[] = []
  for (const parts of byId(found)) {
    const read = readMigration(path, parts)
    problems.push(...read.problems)
    if (read.file) files.push(read.file)
  }
  files.sort((a, b) => compareIds(a.id, b.id))
  problems.push(...duplicateNumbers(files))
  return { path, files, problems: problems.sort((a, b) => compareText(a.path, b.path)) }
}

function listFiles(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'does not exist'
        : `cannot be read (${(cause as Error).message})`
    throw new MigratorError('MIGRATIONS_DIRECTORY_MISSING', `The migrations directory ${path} ${why}.`, { cause })
  }
}

function recognise(name: string): Found | FileProblem | undefined {
  if (NOT_A_MIGRATION.test(name)) return undefined
  if (!/^\d/.test(name) && !SQL_NAME.test(name)) return undefined
  const pair = SQL_NAME.exec(name)
  const id = pair?.[1] ?? MODULE_NAME.exec(name)?.[1]
  if (id === undefined) {
    if (!/\.(?:sql|[mc]?[jt]s)$/i.test(name)) return undefined
    const message = `${name} is neither NAME.up.sql nor NAME.down.sql; a migration in SQL is a pair of both.`
    return { kind: 'invalid-name', path: name, message }
  }
  if (numberOf(id) === undefined || /\p{Cc}/u.test(id)) {
    const message = `${name}: an id is digits, "_" or "-", then a name, as in 0007_add_plans.`
    return { kind: 'invalid-name', path: name, message }
  }
  return { id, name, part: pair ? (pair[2] as 'up' | 'down' | 'seed') : 'module' }
}

function byId(found: readonly Found[]): Iterable<readonly Found[]> {
  const groups = new Map<string, Found[]>()
  for (const part of found) {
    const group = groups.get(part.id)
    if (group) group.push(part)
    else groups.set(part.id, [part])
  }
  return groups.values()
}

interface Read {
  readonly file?: MigrationFile
  readonly problems: readonly FileProblem[]
}

function readMigration(directory: string, parts: readonly Found[]): Read {
  const [first] = parts
  if (!first) return { problems: [] }
  const modules = parts.filter(({ part }) => part === 'module')
  const up = parts.find(({ part }) => part === 'up')
  const down = parts.find(({ part }) => part === 'down')
  const seed = parts.find(({ part }) => part === 'seed')
  if (modules.length > 1 || (modules.length > 0 && (up || down))) return { problems: [duplicateId(first.id, parts)] }
  if (modules[0]) {
    const { file, problems } = moduleFile(directory, first.id, modules[0].name)
    return {
      ...(file ? { file } : {}),
      problems: [...problems, ...(seed ? [orphan('seed', first.id, seed.name)] : [])],
    }
  }
  if (!up) return { problems: [orphan(down ? 'down' : 'seed', first.id, (down ?? first).name)] }
  return sqlPair(directory, first.id, { up: up.name, down: down?.name, seed: seed?.name })
}

function duplicateId(id: string, parts: readonly Found[]): FileProblem {
  const names = parts.map(({ name }) => name)
  return { kind: 'duplicate-id', id, path: names[0] ?? id, message: `${names.join(' and ')} have one id, ${id}.` }
}

function orphan(part: 'down' | 'seed', id: string, name: string): FileProblem {
  return { kind: `orphan-${part}`, id, path: name, message: `${name} has no ${id}.up.sql beside it.` }
}

function duplicateNumbers(files: readonly MigrationFile[]): readonly FileProblem[] {
  return files.flatMap((file, index) => {
    const previous = files[index - 1]
    if (!previous || numberOf(previous.id) !== numberOf(file.id)) return []
    const message = `${previous.path} and ${file.path} have one number, ${numberOf(file.id)}; renumber the one that is not applied anywhere.`
    return [{ kind: 'duplicate-number', id: file.id, path: file.path, message }]
  })
}
