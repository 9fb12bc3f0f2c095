import type { Statements } from './unawaited.ts'

type Methods = Record<string, unknown>
type Call = (...words: unknown[]) => unknown

/** Methods of a Drizzle database that build a statement which changes something, or may. */
const BUILDERS = ['insert', 'update', 'delete', 'execute', 'refreshMaterializedView']

/** Methods of a builder that make another one of it. */
const CONTINUED = ['values', 'select', 'set']

/** Methods that send a statement, or make it part of another one. */
const USES = ['execute', 'then', 'prepare', '_prepare', 'getSQL', 'toSQL']

/**
 * Notes every statement that is built with a Drizzle database, and whether it is run. The objects stay what they are, with
 * a few methods of their own. A `select` is ignored: it changes nothing, and subqueries are built of it.
 */
export function watchDatabase<T extends object>(db: T, statements: Statements): T {
  const methods = db as Methods
  for (const name of BUILDERS) {
    override(methods, name, (build, words) => watchBuilt(build(...words) as object, statements))
  }
  override(methods, 'with', (build, words) => watchDatabase(build(...words) as object, statements))
  override(methods, 'transaction', (begin, [scope, ...rest]) =>
    begin((tx: object) => (scope as Call)(watchDatabase(tx, statements)), ...rest),
  )
  return db
}

function watchBuilt(statement: object, statements: Statements): object {
  const methods = statement as Methods
  statements.built(statement)
  for (const name of USES) override(methods, name, (call, words) => statements.use(statement, () => call(...words)))
  for (const name of CONTINUED) {
    override(methods, name, (call, words) => {
      const next = statements.use(statement, () => call(...words)) as object
      return next === statement ? next : watchBuilt(next, statements)
    })
  }
  return statement
}

function override(methods: Methods, name: string, by: (original: Call, words: unknown[]) => unknown): void {
  const original = methods[name]
  if (typeof original !== 'function') return
  const call: Call = (...words) => original.apply(methods, words)
  Object.defineProperty(methods, name, {
    value: (...words: unknown[]) => by(call, words),
    configurable: true,
    writable: true,
  })
}
