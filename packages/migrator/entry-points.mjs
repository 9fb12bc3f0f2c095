// What a program may import, from package.json: the file that it gets (`cli/index`) → the source that this is made of.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const { exports, publishConfig } = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8'))

export const entryPoints = Object.fromEntries(
  Object.entries(publishConfig.exports).flatMap(([path, published]) =>
    typeof published === 'string' ? [] : [[/^\.\/dist\/(.+)\.js$/.exec(published.default)[1], exports[path]]],
  ),
)
