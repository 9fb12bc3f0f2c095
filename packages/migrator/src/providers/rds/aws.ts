import type { RDS } from '@aws-sdk/client-rds'
import type { Clock } from '../../ports/clock.ts'
import { persist } from './call.ts'
import { readEndpoint } from './endpoint.ts'
import { awsFailure } from './errors.ts'
import { DEFAULT_RETRY_PAUSE_MS, type RdsProviderOptions } from './options.ts'
import { chooseRegion } from './region.ts'
import { ambientRegion, createClient, loadSdk } from './sdk.ts'

/** Options with the name decided. */
export type Settled = RdsProviderOptions & { readonly name: 'rds' | 'aurora' }

export interface RequestOptions {
  readonly abortSignal?: AbortSignal
}

/** AWS in one region, for the time of one operation. */
export interface Aws {
  readonly region: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly retryPauseMs: number
  /** A call that may be repeated without harm, repeated where that may help. Rejects with AWS_* and the like. */
  ask<T>(action: string, subject: string, send: Send<T>): Promise<T>
  /**
   * A call that makes something, sent once. An abort does not cut it: then nobody would know whether it took effect.
   */
  askOnce<T>(action: string, subject: string, send: Send<T>): Promise<T>
}

type Send<T> = (rds: RDS, options: RequestOptions) => Promise<T>

/** Opens a client, works with it, and closes it. Aborted, it rejects with the signal's reason. */
export async function withAws<T>(options: Settled, signal: AbortSignal, work: (aws: Aws) => Promise<T>): Promise<T> {
  const sdk = await loadSdk()
  const region = chooseRegion(readEndpoint(options.host), options.region, await ambientRegion(sdk))
  const rds = createClient(sdk, { region, endpoint: options.endpoint })
  try {
    return await work(createAws(rds, region, options, signal))
  } finally {
    rds.destroy()
  }
}

function createAws(rds: RDS, region: string, { clock, retryPauseMs }: Settled, signal: AbortSignal): Aws {
  const pauseMs = retryPauseMs ?? DEFAULT_RETRY_PAUSE_MS
  const explain = async <T>(action: string, subject: string, answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      if (error === signal.reason) throw error
      throw awsFailure(error, { action, subject, region })
    }
  }
  return {
    region,
    clock,
    signal,
    retryPauseMs: pauseMs,
    ask: (action, subject, send) =>
      explain(
        action,
        subject,
        persist(() => send(rds, { abortSignal: signal }), { clock, signal, pauseMs }),
      ),
    askOnce: (action, subject, send) => explain(action, subject, send(rds, {})),
  }
}
