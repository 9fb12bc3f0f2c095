import { type Bench, prepared } from '../bench.ts'
import { tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { node, runListed } from '../process.ts'
import { migrator, productCli, sourceBin } from '../programs.ts'
import { type Line, type Section, verdict } from '../result.ts'

const UNWANTED = /[/\\]@aws-sdk[/\\+]|[/\\]@smithy[/\\+]/

/** What is loaded: the AWS SDK, slow and large, must never be among it. */
export async function modulesSection(bench: Bench): Promise<Section> {
  const { server, scratch } = bench
  const ours = prepared(bench, 'modules', formats.ours, tables(20))
  const { url } = await server.createDatabase()
  const list = async (...words: readonly string[]) =>
    lineOf(`migrator ${words.join(' ')}`, await runListed(migrator(sourceBin, words, ours, url), scratch))
  const lines = [await list('migrate'), await list('migrate'), await list('status', '--json'), await list('rollback')]
  const productEnv = { DATABASE_URL: (await server.createDatabase()).url }
  const product = await runListed(node(productCli, ['migrate'], scratch, productEnv), scratch)
  return {
    title: 'Modules loaded',
    notes: ['Every ESM and CommonJS module of the process, including those of Node.js itself and of tsx.'],
    lines: [...lines, lineOf('the product: migrate', product)],
  }
}

function lineOf(what: string, modules: readonly string[]): Line {
  const unwanted = modules.filter((path) => UNWANTED.test(path))
  return {
    what,
    value: `${modules.length} modules`,
    target: 'no AWS SDK',
    verdict: verdict(unwanted.length === 0),
  }
}
