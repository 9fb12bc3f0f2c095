import { join } from 'node:path'
import { stopEmbeddedServer } from '@repo/migrator/embedded'
import { type Bench, prepared } from '../bench.ts'
import { linked, type Text, tables } from '../corpus.ts'
import * as formats from '../formats.ts'
import { run } from '../process.ts'
import { migrator } from '../programs.ts'
import { type Line, milliseconds, type Section, spreadOf, verdict } from '../result.ts'
import { median } from '../rounds.ts'

const USUAL = 15
const HISTORY = 285
const WARM_LIMIT_MS = 300
const COLD_LIMIT_MS = 2_000
const HISTORY_LIMIT_MS = 60_000

interface Document {
  readonly migrations: readonly { readonly verdict: string; readonly durationMs: number }[]
}

/** Rehearsals on the embedded scratch server: one that is warm, a cold start, and a whole history. */
export async function rehearsalSection(bench: Bench): Promise<Section> {
  const usual = await history(bench, 'apart', tables(USUAL))
  const long = await history(bench, 'apart', tables(HISTORY))
  const chained = await history(bench, 'linked', linked(HISTORY))
  const all = (of: History) => (bench.size === 'quick' ? undefined : of.rehearse(['--all']))
  const [whole, wholeChained] = [await all(long), await all(chained)]
  await Promise.all([usual.stop(), long.stop(), chained.stop()])
  const warmMs = median(usual.warm.map(({ ms }) => ms))
  const own = ({ warm }: History) => warm.flatMap(({ each }) => each)
  const more = usual.restarted.ms - warmMs
  return {
    title: 'Rehearsals',
    notes: [
      'Migrations of two statements, a table each; up, down and up of the last one, and of all.',
      'The lines that say warm are from standing before it to the verdict; the others are whole processes.',
    ],
    lines: [
      limited(`one migration after ${USUAL - 1}, warm`, median(own(usual)), own(usual), WARM_LIMIT_MS),
      { what: `one after ${HISTORY - 1}, warm`, value: milliseconds(median(own(long))), spread: spreadOf(own(long)) },
      {
        what: 'one after as many that refer to each other, warm',
        value: milliseconds(median(own(chained))),
        spread: spreadOf(own(chained)),
      },
      {
        what: 'the command for the first, warm',
        value: milliseconds(warmMs),
        spread: spreadOf(usual.warm.map(({ ms }) => ms)),
      },
      limited('more than that when the server has to be started', more, [more], COLD_LIMIT_MS),
      limited(
        'more than that when there is no server yet',
        usual.first.ms - warmMs,
        [usual.first.ms - warmMs],
        COLD_LIMIT_MS,
      ),
      { what: `no server yet, ${HISTORY - 1} migrations to be applied`, value: milliseconds(long.first.ms) },
      ...(whole ? [limited(`all ${HISTORY} of a history`, whole.ms, [whole.ms], HISTORY_LIMIT_MS)] : []),
      ...(wholeChained
        ? [limited(`all ${HISTORY} that refer to each other`, wholeChained.ms, [wholeChained.ms], HISTORY_LIMIT_MS)]
        : []),
    ],
  }
}

interface History {
  /** With no server, and nothing kept. */
  readonly first: Rehearsed
  readonly warm: readonly Rehearsed[]
  /** The server had been stopped; what it keeps is there. */
  readonly restarted: Rehearsed
  rehearse(words: readonly string[]): Promise<Rehearsed>
  stop(): Promise<unknown>
}

async function history(bench: Bench, name: string, texts: readonly Text[]): Promise<History> {
  const count = texts.length
  const folder = prepared(bench, `rehearsal-${name}-${count}`, formats.ours, texts)
  const last = [`${texts.at(-1)?.id}_bench`]
  const stop = () => stopEmbeddedServer({ directory: join(folder, '.data', 'scratch') })
  const again = async (words: readonly string[]) => {
    const rehearsed = await rehearse(bench, folder, words)
    bench.onProgress(`${count} migrations, ${words.join(' ')}: ${rehearsed.ms.toFixed(0)} ms`)
    return rehearsed
  }
  try {
    const first = await again(last)
    const warm: Rehearsed[] = []
    for (let round = 0; round < Math.max(5, bench.rounds * 2); round++) warm.push(await again(last))
    await stop()
    return { first, warm, restarted: await again(last), rehearse: again, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Rehearsed {
  readonly ms: number
  /** Of each migration, as it measured itself. */
  readonly each: readonly number[]
}

function limited(what: string, ms: number, measured: readonly number[], limitMs: number): Line {
  return {
    ...{ what, value: milliseconds(ms), spread: spreadOf(measured) },
    ...{ target: `≤ ${limitMs} ms`, verdict: verdict(ms <= limitMs) },
  }
}

async function rehearse({ builtBin, scratch }: Bench, folder: string, words: readonly string[]): Promise<Rehearsed> {
  const command = migrator(builtBin, ['rehearse', ...words, '--json'], folder, '')
  const { ms, output } = await run(command, scratch)
  const { migrations } = JSON.parse(output) as Document
  const broken = migrations.filter(({ verdict: found }) => found === 'broken')
  if (migrations.length === 0 || broken.length > 0) throw new Error('the rehearsal did not go as expected')
  return { ms, each: migrations.map(({ durationMs }) => durationMs) }
}
