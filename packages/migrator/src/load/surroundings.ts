/**
 * What a migration's code finds in its process and may change for everybody after it: the working directory, the exit
 * code, the listeners that this program ends well by, the environment, and the objects of the language. A module that is
 * loaded may set up the last two for its own code (`dotenv`, a polyfill).
 */
export type Moment = 'load' | 'call'

/**
 * Resolves with the names of what it puts back; it works although what it would use for that was changed. Meant for a process
 * that belongs to the program: in an application others may change these things meanwhile, and rightly.
 */
export function takeSurroundings(moment: Moment): () => readonly string[] {
  const parts = [
    ...(moment === 'call' ? [...OBJECTS.map(objectPart), environmentPart()] : []),
    ...[processPart, listenersPart(), exitCodePart(), directoryPart()],
  ]
  return () => {
    const changed: string[] = []
    for (let at = 0; at < parts.length; at++) parts[at]?.(changed)
    return changed
  }
}

/** Puts one thing back, and adds its name where it had changed. Index loops: the iterators of arrays may be changed too. */
type Part = (changed: string[]) => void

const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty, apply } = Reflect
const { is } = Object
const text = String
const owner = process
const { env } = process
const { cwd, chdir, on, rawListeners } = process

type Named = readonly [name: string, object: object]

/** Prototypes and namespaces that everything else is made of. Classes count with their prototypes. */
const CLASSES = [
  ...[
    Object,
    Function,
    Array,
    String,
    Number,
    Boolean,
    Symbol,
    BigInt,
    RegExp,
    Date,
    Promise,
    Map,
    Set,
    WeakMap,
    WeakSet,
  ],
  ...[Error, TypeError, AggregateError, ArrayBuffer, Uint8Array, DataView, Buffer, URL, AbortController, AbortSignal],
] as const

const OBJECTS: readonly Named[] = [
  ...CLASSES.flatMap((each): Named[] => [
    [each.name, each],
    [`${each.name}.prototype`, each.prototype],
  ]),
  ['Array iterators', Object.getPrototypeOf([][Symbol.iterator]())],
  ['JSON', JSON],
  ['Math', Math],
  ['Reflect', Reflect],
  ['performance', performance],
  ['Performance.prototype', Object.getPrototypeOf(performance)],
  ['process', process],
  ['globalThis', globalThis],
]

/** What reads source maps, or watches requests, may come late and means to stay; listeners are looked at one by one. */
const LEFT_ALONE = /^(?:prepareStackTrace|stackTraceLimit|fetch|_.*)$/

/** What is added stays, for others may build on it, unless every loop over an object would meet it. */
function objectPart([name, object]: Named): Part {
  const keys = ownKeys(object).filter((key) => !LEFT_ALONE.test(String(key)))
  const before: (PropertyDescriptor | undefined)[] = []
  for (let at = 0; at < keys.length; at++) before[at] = getOwnPropertyDescriptor(object, keys[at] as PropertyKey)
  return (changed) => {
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as PropertyKey
      const was = before[at]
      const now = getOwnPropertyDescriptor(object, key)
      if (was === undefined || isSame(was, now)) continue
      defineProperty(object, key, was)
      changed[changed.length] = `${name}.${text(key)}`
    }
    if (contains(MET_BY_ALL, object)) dropAdded(name, object, keys, changed)
  }
}

/** What is added to these changes how others work. */
const MET_BY_ALL: readonly object[] = [Object.prototype, Array.prototype, performance]

function dropAdded(name: string, object: object, before: readonly PropertyKey[], changed: string[]): void {
  const keys = ownKeys(object)
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as PropertyKey
    if (contains(before, key) || getOwnPropertyDescriptor(object, key)?.enumerable !== true) continue
    deleteProperty(object, key)
    changed[changed.length] = `${name}.${text(key)}`
  }
}

function isSame(a: PropertyDescriptor, b: PropertyDescriptor | undefined): boolean {
  return b !== undefined && is(a.value, b.value) && a.get === b.get && a.set === b.set
}

/** Node keeps it behind an accessor, which is the same whatever it gives. */
function processPart(changed: string[]): void {
  if (globalThis.process === owner) return
  globalThis.process = owner
  changed[changed.length] = 'globalThis.process'
}

const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'unhandledRejection', 'exit']

/** Listeners that are added stay: they are called beside the others. One that is taken away is put back. */
function listenersPart(): Part {
  const before: (readonly unknown[])[] = []
  for (let at = 0; at < ENDINGS.length; at++) before[at] = apply(rawListeners, owner, [ENDINGS[at]])
  return (changed) => {
    for (let at = 0; at < ENDINGS.length; at++) {
      const name = ENDINGS[at]
      const was = before[at] ?? []
      const now: readonly unknown[] = apply(rawListeners, owner, [name])
      for (let each = 0; each < was.length; each++) {
        if (contains(now, was[each])) continue
        apply(on, owner, [name, was[each]])
        changed[changed.length] = `a listener for ${name}`
      }
    }
  }
}

function contains(all: readonly unknown[], one: unknown): boolean {
  for (let at = 0; at < all.length; at++) if (all[at] === one) return true
  return false
}

function exitCodePart(): Part {
  const before = owner.exitCode
  return (changed) => {
    if (owner.exitCode === before) return
    owner.exitCode = before
    changed[changed.length] = 'the exit code'
  }
}

function environmentPart(): Part {
  const keys = ownKeys(env) as string[]
  const before: (string | undefined)[] = []
  for (let at = 0; at < keys.length; at++) before[at] = env[keys[at] as string]
  return (changed) => {
    const now = ownKeys(env) as string[]
    for (let at = 0; at < now.length; at++) {
      const key = now[at] as string
      if (contains(keys, key)) continue
      delete env[key]
      changed[changed.length] = `the variable ${key}`
    }
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as string
      if (env[key] === before[at]) continue
      env[key] = before[at]
      changed[changed.length] = `the variable ${key}`
    }
  }
}

function directoryPart(): Part {
  const before = cwd()
  return (changed) => {
    if (cwdNow() === before) return
    apply(chdir, owner, [before])
    changed[changed.length] = 'the working directory'
  }
}

/** Undefined in a folder that was removed. */
function cwdNow(): string | undefined {
  try {
    return cwd()
  } catch {
    return undefined
  }
}
