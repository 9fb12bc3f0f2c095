import type { Socket } from 'node:net'
import { MigratorError } from '../../../errors.ts'
import type { Connection, SessionAttributes, Target } from '../connection/connection.ts'
import { calledBy } from '../connection/invalid.ts'
import { locationOf } from '../connection/location.ts'
import { connectFailure } from '../failure/failure.ts'
import { refusedSettings } from '../failure/startup-failure.ts'
import { pins, WITHOUT_LIMITS } from '../session/pins.ts'
import { readArrayTypes } from './array-types.ts'
import { deadlineIn } from './deadline.ts'
import { dial } from './dial.ts'
import { driverClient } from './driver-client.ts'
import { greet, refuseByHost, unfit } from './greeting.ts'
import { OpenConnection } from './open-connection.ts'
import { letsNextServerTry, noneAnswered } from './several-servers.ts'
import { otherWireMayHelp, refusedPlain, tellingFailure, type Wire, wiresOf } from './wires.ts'

export interface ClientOptions {
  readonly connection: Connection
  readonly applicationName: string
  /** Whether arrays of its queries are arrays: a module's are. */
  readonly arrays: boolean
  /** For each server that is tried. */
  readonly connectTimeoutMs: number
  /** Aborted when nobody answers any more: what is being opened then is given up. */
  readonly silence: AbortSignal
  readonly onNotice: (message: string) => void
}

/**
 * Opens exactly one connection, to the first server that can be reached and is what target_session_attrs asks for. It is
 * never replaced behind our back by idle time or age. Nothing is
 * sent at start-up that PgBouncer refuses, unless the connection string asks for it, and no statement is prepared.
 */
export async function openConnection(options: ClientOptions): Promise<OpenConnection> {
  return openAny(options).catch((error: unknown) => {
    throw calledBy(options.connection.name, error)
  })
}

async function openAny(asked: ClientOptions): Promise<OpenConnection> {
  const connection = await withPassword(asked.connection)
  const options = { ...asked, connection }
  const failures: MigratorError[] = []
  for (const session of connection.session === 'prefer-standby'
    ? (['standby', 'any'] as const)
    : [connection.session]) {
    for (const target of connection.targets) {
      try {
        return await openTarget(options, target, session)
      } catch (error) {
        const failure =
          refusedSettings(error, connection, target) ??
          withPlaceOfPassword(connectFailure(error, locationOf(connection, target)), target)
        if (!letsNextServerTry(error)) throw failure
        failures.push(failure)
      }
    }
  }
  throw noneAnswered(failures)
}

/** The driver would lose an error of the function, so it is asked here. */
async function withPassword(connection: Connection): Promise<Connection> {
  return connection.askPassword ? { ...connection, password: await connection.askPassword() } : connection
}

/** A password that is of a file is corrected there. */
function withPlaceOfPassword(failure: MigratorError, { remembered }: Target): MigratorError {
  if (failure.code !== 'AUTHENTICATION_FAILED' || !remembered) return failure
  const { code, message, hint, details, cause } = failure
  return new MigratorError(code, message, {
    hint: `${hint} The password comes from ${remembered.path}.`,
    details,
    cause,
  })
}

/** With and without TLS, as far as sslmode has both. */
async function openTarget(options: ClientOptions, target: Target, session: SessionAttributes): Promise<OpenConnection> {
  refuseByHost(target)
  const failures: unknown[] = []
  for (const wire of wiresOf(options.connection, target)) {
    try {
      return await open(options, target, session, wire)
    } catch (error) {
      failures.push(refusedPlain(error, options.connection, target))
      if (!otherWireMayHelp(error)) break
    }
  }
  throw tellingFailure(failures, options.connection.tls.mode)
}

async function open(
  options: ClientOptions,
  target: Target,
  session: SessionAttributes,
  wire: Wire,
): Promise<OpenConnection> {
  const { connection, connectTimeoutMs, silence } = options
  const limit = deadlineIn(connectTimeoutMs, silence)
  try {
    const socket = await dial(connection, target, wire, limit.signal)
    let opened: OpenConnection | undefined
    const client = driverClient(connection, target, {
      ...options,
      socket: firstThen(socket, async () => {
        if (!opened) throw Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' })
        return opened.carry(await dial(connection, target, wire, AbortSignal.timeout(connectTimeoutMs)))
      }),
      onClose: () => opened?.lose(),
    })
    try {
      const backend = await Promise.race([greet(client), limit.expired])
      const misfit = unfit(backend, session, target)
      if (misfit) throw misfit
      if (!backend.pooled)
        await Promise.race([client.unsafe(`${pins(backend, 'SET')}; ${WITHOUT_LIMITS}`), limit.expired])
      if (options.arrays) await Promise.race([readArrayTypes(client), limit.expired])
      opened = new OpenConnection(client, backend, target, socket)
      return opened
    } catch (error) {
      // Not awaited: a server that says nothing would be waited for a second time.
      void client.end({ timeout: 0 }).finally(() => socket.destroy())
      throw error
    }
  } finally {
    limit.clear()
  }
}

/** The driver asks once for its connection, and once for each request to cancel. */
function firstThen(first: Socket, then: () => Promise<Socket>): () => Socket | Promise<Socket> {
  let isTaken = false
  return () => {
    if (isTaken) return then()
    isTaken = true
    return first
  }
}
