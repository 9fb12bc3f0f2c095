import type { FileProblem } from '../core/file-problem.ts'
import { isNumberedId } from '../core/migration.ts'
import type { Draft, Part } from './formats/format.ts'

/** The migrations that a directory holds in this tool's own form: modules, and pairs of SQL files. */
export interface Native {
  readonly modules: readonly { readonly id: string; readonly name: string }[]
  readonly pairs: readonly Draft[]
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
 * Which files belong to which migration. Files whose name does not begin with a digit are no migrations (helpers, a
 * README), unless they are named as an SQL pair. Downs and seeds of `known` ids belong to another format's migrations.
 */
export function recogniseNative(names: readonly string[], known: ReadonlySet<string>): Native {
  const found: Found[] = []
  const problems: FileProblem[] = []
  for (const name of names) {
    const match = recognise(name)
    if (match === undefined) continue
    if ('kind' in match) problems.push(match)
    else if (!known.has(match.id) || match.part === 'up' || match.part === 'module') found.push(match)
  }
  const groups = [...byId(found)].map(assemble)
  return {
    modules: groups.flatMap(({ module }) => module ?? []),
    pairs: groups.flatMap(({ pair }) => pair ?? []),
    problems: [...problems, ...groups.flatMap((group) => group.problems)],
  }
}

function recognise(name: string): Found | FileProblem | undefined {
  if (NOT_A_MIGRATION.test(name)) return undefined
  if (!/^\d/.test(name) && !SQL_NAME.test(name)) return undefined
  const pair = SQL_NAME.exec(name)
  const id = pair?.[1] ?? MODULE_NAME.exec(name)?.[1]
  if (id === undefined) {
    if (!/\.(?:sql|[mc]?[jt]s)$/i.test(name)) return undefined
    const message = `${name} is neither NAME.up.sql nor NAME.down.sql; an SQL migration is a pair of both.`
    return { kind: 'invalid-name', path: name, message }
  }
  if (!isNumberedId(id) || /\p{Cc}/u.test(id)) {
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

interface Assembled {
  readonly module?: { readonly id: string; readonly name: string }
  readonly pair?: Draft
  readonly problems: readonly FileProblem[]
}

function assemble(parts: readonly Found[]): Assembled {
  const [first] = parts
  if (!first) return { problems: [] }
  const { id } = first
  const named = (wanted: Found['part']) => parts.find(({ part }) => part === wanted)?.name
  const [up, down, seed] = [named('up'), named('down'), named('seed')]
  const modules = parts.filter(({ part }) => part === 'module')
  if (modules.length > 1 || (modules.length > 0 && (up || down))) return { problems: [duplicateId(id, parts)] }
  if (modules[0]) {
    return { module: { id, name: modules[0].name }, problems: seed ? [orphan('seed', id, seed)] : [] }
  }
  if (up === undefined) return { problems: [orphan(down ? 'down' : 'seed', id, down ?? first.name)] }
  return { pair: { id, up: { path: up }, down: partOf(down), seed: partOf(seed) }, problems: [] }
}

function duplicateId(id: string, parts: readonly Found[]): FileProblem {
  const names = parts.map(({ name }) => name)
  return { kind: 'duplicate-id', id, path: names[0] ?? id, message: `${names.join(' and ')} have the same id, ${id}.` }
}

function orphan(part: 'down' | 'seed', id: string, name: string): FileProblem {
  return { kind: `orphan-${part}`, id, path: name, message: `${name} has no ${id}.up.sql beside it.` }
}

function partOf(path: string | undefined): Part | undefined {
  return path === undefined ? undefined : { path }
}
