/**
 * Why a path that comes out of a database is not written to: it would lead out of its folder on one system or another, or to
 * a file that Node, a package manager or git reads. Undefined for a plain path within the folder.
 */
export function refusalOf(path: string): string | undefined {
  if (/[\p{Cc}\\]/u.test(path)) return 'holds a control character or a backslash'
  const segments = path.split('/')
  if (segments.some((segment) => segment === '..' || segment === '.' || segment === '') || /^[a-z]:/i.test(path))
    return 'leads out of its folder'
  const reserved = segments.map(foldedName).find((name) => RESERVED.has(name))
  return reserved === undefined ? undefined : `names ${reserved}, which is not a migration's`
}

/** The paths that are one file where a file system ignores case. */
export function repeatedPath(paths: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return paths.find((path) => {
    const folded = path.split('/').map(foldedName).join('/')
    return seen.size === seen.add(folded).size
  })
}

/** As the most lenient file systems compare names: without case, invisible characters, and dots and blanks at the end. */
function foldedName(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .replace(/:.*$/s, '')
    .replace(/(?<![. ])[. ]+$/, '')
}

const RESERVED = new Set([
  ...['node_modules', 'package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock'],
  ...['bun.lock', 'bun.lockb', 'deno.lock', 'pnpm-workspace.yaml', '.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs'],
  ...['migrations.lock.json', 'tsconfig.json', 'jsconfig.json', '.git', '.env'],
])
