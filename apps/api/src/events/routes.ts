import type { Database } from '@repo/database'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ApiError } from '../api-error.ts'
import type { CallerEnv } from '../source-key.ts'
import { readEvents } from './incoming-event.ts'
import { storeEvents } from './store-events.ts'

const maxBytes = 1024 * 1024

/** `POST /` ingests one event or a batch: 202 with the ids, or one error and nothing stored. */
export function eventRoutes(db: Database, now: () => Date): Hono<CallerEnv> {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new ApiError(413, 'TOO_LARGE', 'The body is larger than 1 MiB: send fewer events at a time.')
    },
  })
  return new Hono<CallerEnv>().post('/', limit, async (c) => {
    const events = readEvents(parseJson(await readText(c.req)))
    return c.json(await storeEvents(db, c.get('caller'), events, now()), 202)
  })
}

async function readText(request: { text(): Promise<string> }): Promise<string> {
  try {
    return await request.text()
  } catch {
    // The client went away, or its chunks were broken: nothing that an operator has to know.
    throw new ApiError(400, 'INVALID_JSON', 'The body ended early.')
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 'INVALID_JSON', 'The body is not valid JSON.')
  }
}
