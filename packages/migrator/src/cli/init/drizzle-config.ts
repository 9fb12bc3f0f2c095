/**
 * Init: looks at a project and says which files fit it. Reading is here and in project.ts; what is written is decided by
 * pure functions, and done by the command.
 * This file: what drizzle.config.* says.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importDefault } from '../../load/module-loader.ts'

export interface DrizzleConfig {
  /** The file's name. */
  readonly file: string
  readonly dialect: string | undefined
  readonly out: string
  readonly schema: readonly string[]
  /** The variable that has the connection string. */
  readonly urlVariable: string | undefined
  readonly tablesFilter: readonly string[]
  readonly schemaFilter: readonly string[] | undefined
}

const NAMES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map((ending) => `drizzle.config.${ending}`)

/** The name of a folder's Drizzle configuration. */
export function drizzleConfigIn(folder: string): string | undefined {
  return NAMES.find((name) => existsSync(join(folder, name)))
}

/** Runs the configuration, as drizzle-kit does. One that cannot run here, for example because a variable is missing, is read as text. */
export async function loadDrizzleConfig(folder: string): Promise<DrizzleConfig | undefined> {
  const file = drizzleConfigIn(folder)
  if (file === undefined) return undefined
  const written = readDrizzleConfig(folder, file)
  try {
    const path = join(folder, file)
    const loaded: unknown = file.endsWith('.json') ? JSON.parse(readFileSync(path, 'utf8')) : await importDefault(path)
    const { dialect, out, schema, tablesFilter, schemaFilter } = loaded as Readonly<Record<string, unknown>>
    return {
      ...written,
      dialect: textsOf(dialect)?.[0],
      out: textsOf(out)?.[0] ?? DEFAULT_OUT,
      schema: textsOf(schema) ?? [],
      tablesFilter: textsOf(tablesFilter) ?? [],
      schemaFilter: textsOf(schemaFilter),
    }
  } catch {
    return written
  }
}

const DEFAULT_OUT = 'drizzle'

/** What the configuration says literally. */
export function readDrizzleConfig(folder: string, file: string): DrizzleConfig {
  const text = withoutComments(readFileSync(join(folder, file), 'utf8'))
  const [, ...variable] = URL_VARIABLE.exec(text) ?? []
  return {
    file,
    dialect: literalsOf(text, 'dialect')?.[0],
    out: literalsOf(text, 'out')?.[0] ?? DEFAULT_OUT,
    schema: literalsOf(text, 'schema') ?? [],
    urlVariable: variable.find((name) => name !== undefined),
    tablesFilter: literalsOf(text, 'tablesFilter') ?? [],
    schemaFilter: literalsOf(text, 'schemaFilter'),
  }
}

/** `url: process.env.DATABASE_URL!`, `url: env['DATABASE_URL']`, `url: required("DATABASE_URL")`. */
const URL_VARIABLE =
  /\b(?:url|connectionString)["']?\s*:\s*(?:[\w.]*\benv(?:\.([A-Za-z_]\w*)|\[["'](\w+)["']\])|\w+\(["']([A-Z_][A-Z\d_]*)["']\))/

/** The value of a property that is a text, or a list of texts. */
function literalsOf(text: string, name: string): readonly string[] | undefined {
  const value = new RegExp(`\\b${name}["']?\\s*:\\s*(\\[[^\\]]*\\]|"[^"\\n]*"|'[^'\\n]*'|\`[^\`$\\n]*\`)`).exec(
    text,
  )?.[1]
  if (value === undefined) return undefined
  return [...value.matchAll(/"([^"\n]*)"|'([^'\n]*)'|`([^`$\n]*)`/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|[\s,;{])\/\/.*$/gm, '$1')
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined
}
