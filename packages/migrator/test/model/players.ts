import { inject } from 'vitest'
import { type Pooler, startPooler } from '../support/pgbouncer.ts'
import { type Arena, createArena } from './arena.ts'
import { type Place, type Played, play } from './play.ts'
import type { Scenario } from './scenario.ts'

/** Plays scenarios, several at once, each in an arena of its own. */
export interface Players {
  readonly place: Place
  readonly routes: readonly Scenario['route'][]
  /** Resolves with what is to be said of those that went wrong. */
  playAll(named: readonly Named[]): Promise<readonly string[]>
  leave(): Promise<void>
}

export interface Named {
  readonly name: string
  readonly scenario: Scenario
}

/** Some wait for a wire that fell silent, so there are more of them than processors. */
const AT_ONCE = Number(process.env.AT_ONCE ?? 6)

export async function createPlayers(serverUrl = inject('serverUrl')): Promise<Players> {
  const pooler = await startPooler(serverUrl)
  const arenas = await Promise.all(Array.from({ length: AT_ONCE }, () => createArena(serverUrl)))
  const places = arenas.map((arena) => placeOf(arena, pooler))
  return {
    place: places[0] as Place,
    routes: pooler ? ['direct', 'pooled'] : ['direct'],
    async playAll(named) {
      const waiting = [...named]
      const failures: string[] = []
      await Promise.all(
        places.map(async (place) => {
          for (let next = waiting.shift(); next; next = waiting.shift()) {
            const played = await playOut(place, next.scenario)
            if (played.faults.length > 0 || named.length === 1) process.stderr.write(`${told(next, played)}\n`)
            if (played.faults.length > 0) failures.push(told(next, played))
          }
        }),
      )
      return failures
    },
    async leave() {
      for (const arena of arenas) await arena.remove()
      await pooler?.stop()
    },
  }
}

/** What breaks the game itself is a fault of its scenario too; the others are played all the same. */
async function playOut(place: Place, scenario: Scenario): Promise<Played> {
  const log: string[] = []
  return play(place, scenario, log).catch((error: unknown) => ({
    ...{ faults: [`it broke off: ${String(error)}`], log, unknown: 0, struck: 0, points: [] },
  }))
}

function placeOf(arena: Arena, pooler: Pooler | undefined): Place {
  const { url } = arena.db
  return { arena, urlOf: (route) => (route === 'pooled' && pooler ? pooler.through(url) : url) }
}

function told({ name, scenario }: Named, { faults, log }: Played): string {
  const lines = [...log.map((line) => `    ${line}`), ...faults.map((fault) => `  ✗ ${fault}`)]
  return [
    `${name} (${scenario.route}; ${scenario.kinds.join(', ')})`,
    ...lines,
    `  SCENARIO='${JSON.stringify(scenario)}'`,
  ].join('\n')
}
