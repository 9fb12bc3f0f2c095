import { setTimeout as pause } from 'node:timers/promises'
import { isAnswered } from '../failure/failure.ts'
import { literal } from '../script/literal.ts'
import type { PostgresSession } from '../session/session.ts'
import type { OpenConnection } from './open-connection.ts'

/** How often is looked within the time after which a silent wire is given up. */
const LOOKS = 8
const SHORTEST_LOOK_MS = 100
/** For a connection that is opened when the time is up already. */
const LAST_TRY_MS = 100

export interface Liveness {
  /** Until it is lost or ended, the connection is given up when its answers no longer come. */
  watch(connection: OpenConnection): void
  /** Sends something over it at every look: the connection is lost as soon as that is not answered. */
  keepAlive(connection: OpenConnection): void
  /** Aborted when nobody answers any more, until somebody does again. */
  silence(): AbortSignal
  /**
   * How long a new connection may take. While nobody answers, everything that is still asked shares what is left of the
   * timeout, so that the run ends within it.
   */
  leftMs(): number
}

export interface LivenessOptions {
  /** After this time at the latest a wire that no longer answers is given up; 0 waits for ever. */
  readonly timeoutMs: number
  /** How the sessions of this program begin their name. */
  readonly label: string
  /** Opens a session to look from beside, in one attempt. It is ended when there is nothing more to watch. */
  readonly open: (limitMs: number) => Promise<PostgresSession>
}

/**
 * Notices a wire that has fallen silent: no operating system says so within minutes. A statement may take long, so the
 * server is asked from beside what it does: it no longer knows the session, or has nothing to do for it although its
 * answer never came, or nobody can be asked at all.
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
 */
export function createLiveness({ timeoutMs, label, open }: LivenessOptions): Liveness {
  const watched = new Set<OpenConnection>()
  const kept = new Set<OpenConnection>()
  const idle = new Set<OpenConnection>()
  const everyMs = Math.max(timeoutMs / LOOKS, SHORTEST_LOOK_MS)
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let current: PostgresSession | undefined
  let heardMs = 0
  let silentSinceMs: number | undefined
  let silence = new AbortController()

  return {
    watch(connection) {
      if (silentSinceMs !== undefined) silence = new AbortController()
      silentSinceMs = undefined
      if (timeoutMs === 0) return
      watched.add(connection)
      void connection.lost.then(() => forget(connection))
      timer ??= setInterval(() => void look(), everyMs).unref()
    },
    keepAlive: (connection) => void kept.add(connection),
    silence: () => silence.signal,
    leftMs: () =>
      silentSinceMs === undefined ? Infinity : Math.max(silentSinceMs + timeoutMs - performance.now(), LAST_TRY_MS),
  }

  async function observer(): Promise<PostgresSession> {
    if (!current || current.isLost) current = await open(everyMs)
    return current
  }

  function forget(connection: OpenConnection): void {
    watched.delete(connection)
    kept.delete(connection)
    idle.delete(connection)
    if ([...watched].some((other) => other !== current?.connection)) return
    clearInterval(timer)
    timer = undefined
    void current?.close()
    current = undefined
  }

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    for (const connection of kept) beat(connection)
    const now = performance.now()
    const quiet = [...watched].filter((connection) => connection.quietForMs(now) > everyMs)
    for (const connection of idle) if (!quiet.includes(connection)) idle.delete(connection)
    try {
      if (quiet.length > 0) await judge(quiet)
    } finally {
      looking = false
    }
  }

  function beat(connection: OpenConnection): void {
    if (connection.awaitsAnswer) return
    askedOver(connection, 'SELECT 1').catch(() => undefined)
  }

  async function judge(quiet: readonly OpenConnection[]): Promise<void> {
    const activity = await ask(quiet)
    if (activity === 'refused') return loseUnanswered(quiet)
    if (activity === 'silent') return loseAll(quiet)
    heardMs = performance.now()
    for (const connection of quiet) {
      // Its answer may have come while the server was asked.
      if (connection.quietForMs(performance.now()) < everyMs) continue
      if (isOver(connection, activity)) await giveUp(connection)
    }
  }

  /** Nobody answers: idle connections would only be found silent one after the other. */
  function loseAll(quiet: readonly OpenConnection[]): void {
    const now = performance.now()
    const still = quiet.filter((connection) => connection.quietForMs(now) >= everyMs)
    if (still.length === 0) return
    const isAlive = [...watched].some((each) => each.awaitsAnswer && each.quietForMs(now) < everyMs)
    if (!isAlive) {
      silentSinceMs = Math.max(heardMs, now - Math.min(...still.map((connection) => connection.quietForMs(now))))
      silence.abort()
    }
    for (const connection of isAlive ? still : [...watched]) connection.lose()
  }

  /**
   * The server answers newcomers, so a statement may just take long. A connection that is kept alive has an answer to give at
   * every look; where there is none of these, nothing would ever tell the two apart.
   */
  function loseUnanswered(quiet: readonly OpenConnection[]): void {
    const now = performance.now()
    const due = kept.size > 0 ? quiet.filter((connection) => kept.has(connection)) : quiet
    for (const connection of due) if (connection.quietForMs(now) >= timeoutMs) connection.lose()
  }

  /** What the server does, asked twice at most. `refused`: it is there, but nobody can ask it. */
  async function ask(quiet: readonly OpenConnection[]): Promise<Activity | 'silent' | 'refused'> {
    for (let tried = 0; tried < 2; tried++) {
      const lookout = await within(everyMs, lookoutBeside(quiet))
      if (!lookout) continue
      if (lookout === 'refused') return lookout
      if (quiet.includes(lookout.connection)) {
        lookout.connection.lose()
        continue
      }
      const rows = await within(everyMs, lookout.query(activityOf(quiet, label)))
      if (rows) return readActivity(rows)
      if (kept.has(lookout.connection)) return 'refused'
      lookout.connection.lose()
    }
    return 'silent'
  }

  /** A session that only looks or, where the server has no connection to spare, one that is kept alive anyway. */
  async function lookoutBeside(quiet: readonly OpenConnection[]): Promise<Lookout | 'refused'> {
    try {
      return await observer()
    } catch (error) {
      if (!isAnswered(error)) throw error
      const connection = [...kept].find((each) => !quiet.includes(each))
      return connection ? { connection, query: (sql) => askedOver(connection, sql) } : 'refused'
    }
  }

  /** Idle at two looks in a row, while nothing came from it: its answer is on a wire that does not carry it. */
  function isOver(connection: OpenConnection, { sessions, named }: Activity): boolean {
    const { serverPid } = connection
    if (serverPid === undefined && !named) return false
    const others = [...watched].flatMap(({ serverPid: pid }) => (pid === undefined ? [] : [pid]))
    const mine = sessions.filter(({ pid }) => (serverPid === undefined ? !others.includes(pid) : pid === serverPid))
    if (serverPid !== undefined && mine.length === 0) return true
    const wasIdle = idle.has(connection)
    if (mine.every(({ state }) => state.startsWith('idle'))) idle.add(connection)
    else idle.delete(connection)
    return wasIdle && idle.has(connection)
  }

  /** What it left open on the server would keep its locks, the run lock too. */
  async function giveUp(connection: OpenConnection): Promise<void> {
    const pid = connection.serverPid
    connection.lose()
    if (pid === undefined) return
    await within(
      everyMs,
      lookoutBeside([connection]).then((lookout) => (lookout === 'refused' ? [] : lookout.query(endOf(pid, label)))),
    )
  }
}

type Row = Readonly<Record<string, string | null>>

interface Lookout {
  readonly connection: OpenConnection
  query(sql: string): Promise<readonly Row[]>
}

function askedOver(connection: OpenConnection, sql: string): Promise<readonly Row[]> {
  return connection.track<readonly Row[]>(connection.client.unsafe(sql).simple())
}

interface Activity {
  readonly sessions: readonly { readonly pid: number; readonly state: string }[]
  /** Whether the names of our sessions reach the server: not every pooler passes them on. */
  readonly named: boolean
}

function activityOf(quiet: readonly OpenConnection[], label: string): string {
  const pids = quiet.flatMap(({ serverPid }) => (serverPid === undefined ? [] : [serverPid]))
  return `
    SELECT a.pid::text AS pid, coalesce(a.state, 'unknown') AS state,
           (a.pid = pg_catalog.pg_backend_pid())::text AS own, (${labelled(label)})::text AS named
      FROM pg_catalog.pg_stat_activity a
     WHERE a.pid = pg_catalog.pg_backend_pid() OR a.pid IN (${[0, ...pids].join()}) OR ${labelled(label)}`
}

function readActivity(rows: readonly Row[]): Activity {
  return {
    sessions: rows
      .filter(({ own }) => own !== 'true')
      .map(({ pid, state }) => ({ pid: Number(pid), state: state ?? '' })),
    named: rows.some(({ own, named }) => own === 'true' && named === 'true'),
  }
}

function endOf(pid: number, label: string): string {
  return `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.pid = ${pid} AND ${labelled(label)}`
}

function labelled(label: string): string {
  return `a.application_name LIKE ${literal(`${label}%`)}`
}

/** The answer within the time; undefined without one, and when it failed. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const stop = new AbortController()
  const none = pause(ms, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
  try {
    return await Promise.race([answer.catch(() => undefined), none])
  } finally {
    stop.abort()
  }
}
