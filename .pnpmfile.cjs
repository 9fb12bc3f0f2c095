// `reporter: silent` (pnpm-workspace.yaml) keeps pnpm's banner out of `--json` documents, but it would also hide an
// installation and its failure. This says both, on stderr.
const installing = process.argv.some((word) => word === 'install' || word === 'i')

if (installing && !process.argv.some((word) => word.startsWith('--reporter'))) {
  process.stderr.write('Installing dependencies …\n')
  process.on('exit', (code) => {
    if (code !== 0) process.stderr.write('The installation failed. See why: pnpm install --reporter=default\n')
  })
}

module.exports = {}
