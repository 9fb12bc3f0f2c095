// `reporter: silent` (pnpm-workspace.yaml) keeps pnpm's banner out of `--json` documents, but it would also hide an
// installation and its failure, and that a script does not exist. This says them, on stderr.
const { readdirSync, readFileSync } = require('node:fs')
const { join } = require('node:path')

const installing = process.argv.some((word) => word === 'install' || word === 'i')
const reported = process.argv.some((word) => word.startsWith('--reporter'))

if (installing && !reported) {
  process.stderr.write('Installing dependencies …\n')
  process.on('exit', (code) => {
    if (code !== 0) process.stderr.write('The installation failed. See why: pnpm install --reporter=default\n')
  })
} else if (!reported) {
  process.on('exit', (code) => {
    const name = code === 0 ? undefined : missingScript(process.argv.slice(2), code)
    if (name !== undefined) process.stderr.write(`There is no script "${name}".${suggestion(name)}\n`)
  })
}

/**
 * The script that these words ask for and that no package has. Where the word is no program either pnpm ends with -2, which a
 * shell shows as 254; with --filter it ends with 1, as for much else, but no command of its own has a colon.
 */
function missingScript(words, code) {
  const [first, second] = withoutOptions(words)
  if (first === 'run' || first === 'run-script') return unknown(second)
  return (code & 0xff) === 254 || first?.includes(':') ? unknown(first) : undefined
}

function unknown(name) {
  return name === undefined || name === 'exec' || scripts().includes(name) ? undefined : name
}

function withoutOptions(words) {
  const valued = new Set(['--filter', '-F', '--dir', '-C'])
  return words.filter((word, index) => !word.startsWith('-') && !valued.has(words[index - 1]))
}

function scripts() {
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(__dirname, group)).map((name) => join(__dirname, group, name)),
  )
  return [...new Set([__dirname, ...folders].flatMap(scriptsIn))]
}

function scriptsIn(folder) {
  try {
    return Object.keys(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts ?? {})
  } catch {
    return [] // A folder without a package has no scripts.
  }
}

function suggestion(name) {
  const near = scripts()
    .map((script) => ({ script, distance: distance(name, script) }))
    .filter(({ distance }) => distance <= Math.max(2, name.length / 4))
    .sort((a, b) => a.distance - b.distance)
  return near.length > 0 ? ` Did you mean "${near[0].script}"?` : ' package.json lists the scripts.'
}

/** Levenshtein's. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1), row[j] + 1, next[j - 1] + 1))
    row = next
  }
  return row[b.length]
}

module.exports = {}
