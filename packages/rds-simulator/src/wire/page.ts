import { RdsError } from './error.ts'
import { type Params, text, whole } from './params.ts'

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Given back by the client with its next request; undefined on the last page. */
  readonly marker: string | undefined
}

/**
 * The page that Marker and MaxRecords ask for. MaxRecords is 20 to 100 as the API has it; `largest` may make pages smaller still.
 * The marker names the last item shown, so what comes and goes between two requests is neither doubled nor skipped.
 */
export function pageOf<Item>(
  params: Params,
  all: readonly Item[],
  keyOf: (item: Item) => string,
  largest = 100,
): Page<Item> {
  const size = Math.min(whole(params, 'MaxRecords') ?? 100, largest)
  checkMaxRecords(params)
  const after = lastShown(params)
  const sorted = [...all].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after)
  const items = rest.slice(0, size)
  const last = items.at(-1)
  const more = rest.length > items.length && last !== undefined
  return { items, marker: more ? Buffer.from(`after:${keyOf(last)}`).toString('base64url') : undefined }
}

function checkMaxRecords(params: Params): void {
  const wanted = whole(params, 'MaxRecords')
  if (wanted === undefined || (wanted >= 20 && wanted <= 100)) return
  throw new RdsError('InvalidParameterValue', `Invalid value ${wanted} for MaxRecords. Must be between 20 and 100`)
}

function lastShown(params: Params): string | undefined {
  const marker = text(params, 'Marker')
  if (marker === undefined) return undefined
  const decoded = Buffer.from(marker, 'base64url').toString()
  if (decoded.startsWith('after:')) return decoded.slice('after:'.length)
  throw new RdsError('InvalidParameterValue', `Invalid Marker: ${marker}`)
}
