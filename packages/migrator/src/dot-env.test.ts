import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadDotEnv } from './dot-env.ts'

type Variables = Record<string, string | undefined>

/** Writes the files (a path that ends with a slash is a folder), and loads from `from`. */
function load(files: Readonly<Record<string, string>>, from: string, env: Variables = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dot-env-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path.endsWith('/') ? path : dirname(path)), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(join(folder, path), text)
  }
  mkdirSync(join(folder, from), { recursive: true })
  const read = loadDotEnv(join(folder, from), env)
  return { env, path: read?.path.slice(folder.length + 1), names: [...(read?.names ?? [])] }
}

const url = 'postgresql://h/file'

test.each<readonly [string, Variables, Variables]>([
  ['nothing is set', {}, { DATABASE_URL: url }],
  ['it is empty', { DATABASE_URL: '' }, { DATABASE_URL: url }],
  ['it is set', { DATABASE_URL: 'postgresql://h/set' }, { DATABASE_URL: 'postgresql://h/set' }],
])('the file counts where %s in the environment', (_, env, expected) => {
  const loaded = load({ '.env': `DATABASE_URL=${url}\n` }, '', env)
  expect(loaded.env).toEqual(expected)
  expect(loaded.names).toEqual(expected.DATABASE_URL === url ? ['DATABASE_URL'] : [])
})

test.each<readonly [string, Readonly<Record<string, string>>, string, string | undefined]>([
  ['the folder itself', { 'a/.env': 'A=1' }, 'a', 'a/.env'],
  ['a folder above, in the repository', { '.git/': '', '.env': 'A=1' }, 'packages/db', '.env'],
  ['the nearest of two', { '.git/': '', '.env': 'A=1', 'packages/db/.env': 'A=2' }, 'packages/db', 'packages/db/.env'],
  ['above a nested lock file', { '.git/': '', '.env': 'A=1', 'db/package-lock.json': '' }, 'db', '.env'],
  ['a worktree, whose .git is a file', { '.git': 'gitdir: x', '.env': 'A=1' }, 'db', '.env'],
  ['a repository without its .git', { 'pnpm-workspace.yaml': '', '.env': 'A=1' }, 'packages/db', '.env'],
  ['nothing beyond the repository', { '.env': 'A=1', 'repo/.git/': '' }, 'repo/db', undefined],
  ['nothing above where no repository is', { '.env': 'A=1' }, 'db', undefined],
  ['no folder of that name', { '.git/': '', '.env': 'A=1', 'db/.env/pyvenv.cfg': '' }, 'db', '.env'],
])('finds %s', (_, files, from, path) => {
  expect(load(files, from).path).toBe(path)
})

test.each<readonly [string, string, Variables]>([
  ['a byte order mark', '\uFEFFA=b\n', { A: 'b' }],
  ['CRLF', 'A=b\r\nC="d\r\ne"\r\n', { A: 'b', C: 'd\ne' }],
  ['export', 'export A=b\nexport  B="c"\n', { A: 'b', B: 'c' }],
  ['values of several lines', 'A="-----BEGIN\nx\n-----END"\nB=2\n', { A: '-----BEGIN\nx\n-----END', B: '2' }],
  ['comments', '# A=1\n  # B=2\nC=3 # d\n', { C: '3' }],
  ['a "#" in quotes', `A="a#b" # c\nB='a#b'\nC=a #b\n`, { A: 'a#b', B: 'a#b', C: 'a' }],
  ['\\n in double quotes only', `A="x\\ny"\nB='x\\ny'\nC=x\\ny\n`, { A: 'x\ny', B: 'x\\ny', C: 'x\\ny' }],
  ['no interpolation', `A=p$word\nB="\${HOME}"\nC='$HOME'\n`, { A: 'p$word', B: '$' + '{HOME}', C: '$HOME' }],
  ['quotes within quotes', `A="{"x":"y"}"\nB=it's\nC=\`it's "x"\`\n`, { A: '{"x":"y"}', B: "it's", C: `it's "x"` }],
  ['tabs around the sign', 'A\t=\tb\n', { A: 'b' }],
  ['a line that is no assignment', 'A\nB=1\nexport C\nD=2\n', { B: '1', D: '2' }],
])('reads %s as dotenv does', (_, text, expected) => {
  expect(load({ '.env': text }, '').env).toEqual(expected)
})
