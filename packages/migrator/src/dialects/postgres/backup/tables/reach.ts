import { namesIn, type Touched } from '../../script/touched.ts'
import type { CatalogView, Relation } from './catalog-view.ts'

/** Relations that are reached, and objects whose dependents the server has to be asked for. */
export interface Reached {
  readonly oids: ReadonlySet<string>
  readonly dropped: readonly Touched[]
}

/** Follows names through children, foreign keys, views, functions and triggers, until nothing is new. */
export function reach(view: CatalogView, touched: readonly Touched[], moved: boolean): Reached {
  const oids = new Map<string, Touched['spreads']>()
  const dropped: Touched[] = []
  const seen = new Set<string>()
  const queue = [...touched]
  for (let each = queue.shift(); each; each = queue.shift()) {
    const key = JSON.stringify(each)
    if (seen.has(key)) continue
    seen.add(key)
    if (each.kind === 'text') queue.push(...inText(view, each.name))
    else if (each.kind === 'function' && each.spreads === 'rows') queue.push(...sourcesOf(view, each.name))
    else if (each.kind === 'relation') {
      for (const relation of relationsOf(view, each, moved)) {
        if (spread(oids, relation.oid, each.spreads)) queue.push(...beyond(view, relation, each.spreads))
        if (each.spreads === 'drop') dropped.push({ ...each, schema: relation.schema })
      }
    } else dropped.push(each)
  }
  return { oids: new Set(oids.keys()), dropped }
}

const STRENGTH = { nowhere: 0, drop: 1, rows: 2, truncate: 3 } as const

/** Whether this is news: a relation comes again when more spreads from it than before. */
function spread(oids: Map<string, Touched['spreads']>, oid: string, spreads: Touched['spreads']): boolean {
  const before = oids.get(oid)
  if (before !== undefined && STRENGTH[before] >= STRENGTH[spreads]) return false
  oids.set(oid, spreads)
  return true
}

function relationsOf(view: CatalogView, { schema, name }: Touched, moved: boolean): readonly Relation[] {
  const named = view.relations.filter((relation) => relation.name === name)
  if (schema !== undefined) return named.filter((relation) => relation.schema === schema)
  const visible = named.filter((relation) => relation.visible)
  return moved || visible.length === 0 ? named : visible
}

function beyond(view: CatalogView, { oid, kind }: Relation, spreads: Touched['spreads']): readonly Touched[] {
  const children = view.inherits.filter(([, parent]) => parent === oid).map(([child]) => child)
  const referring = view.references.filter(
    ({ to, acts }) => to === oid && (spreads === 'truncate' || (spreads === 'rows' && acts)),
  )
  const read = kind === 'v' && spreads === 'rows' ? view.views.filter(([from]) => from === oid).map(([, to]) => to) : []
  const others = [...children, ...referring.map(({ from }) => from), ...read]
  const called = spreads === 'rows' || spreads === 'truncate' ? view.triggers.filter(([table]) => table === oid) : []
  return [
    ...others.flatMap((other) => relationTouched(view, other, spreads)),
    ...called.map(([, name]) => ({ kind: 'function' as const, name, spreads: 'rows' as const })),
  ]
}

function relationTouched(view: CatalogView, oid: string, spreads: Touched['spreads']): readonly Touched[] {
  const relation = view.relations.find((each) => each.oid === oid)
  return relation ? [{ kind: 'relation', schema: relation.schema, name: relation.name, spreads }] : []
}

function sourcesOf({ functions }: CatalogView, name: string): readonly Touched[] {
  return functions
    .filter((each) => each.name === name)
    .map(({ source }) => ({ kind: 'text', name: source, spreads: 'rows' }))
}

/** What a piece of code may touch: everything of the catalog that it names. */
function inText(view: CatalogView, code: string): readonly Touched[] {
  const drops = /\b(?:drop|alter|rename)\b/i.test(code)
  const spreads = /\btruncate\b[\s\S]*\bcascade\b/i.test(code) ? 'truncate' : 'rows'
  const named = (kind: Touched['kind'], names: readonly string[], how: Touched['spreads']) =>
    namesIn(code, [...new Set(names)]).map((name) => ({ kind, name, spreads: how }))
  const tables = view.relations.map(({ name }) => name)
  return [
    ...everySchema(view, named('relation', tables, spreads)),
    ...(drops ? everySchema(view, named('relation', tables, 'drop')) : []),
    ...named(
      'function',
      view.functions.map(({ name }) => name),
      'rows',
    ),
    ...(/\b(?:type|domain)\b/i.test(code) ? named('type', view.types, 'drop') : []),
    ...(/\bdrop\s+schema\b/i.test(code) ? named('schema', view.schemas, 'drop') : []),
  ]
}

/** Code may say in many ways which schema it means. */
function everySchema({ relations }: CatalogView, touched: readonly Touched[]): readonly Touched[] {
  return touched.flatMap((each) =>
    relations.filter(({ name }) => name === each.name).map(({ schema }) => ({ ...each, schema })),
  )
}
