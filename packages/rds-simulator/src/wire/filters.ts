import { RdsError } from './error.ts'
import { members, type Params, texts } from './params.ts'

/** What an item is compared by: filter name → the item's value under it. Several values of one filter mean "or". */
export type FilterTable<Item> = Readonly<Record<string, (item: Item) => string | undefined>>

/** The items that every filter of the request lets through. Throws InvalidParameterValue for an unknown filter. */
export function filtered<Item>(params: Params, items: readonly Item[], table: FilterTable<Item>): readonly Item[] {
  return members(params, 'Filters').reduce((left, filter) => apply(filter, left, table), items)
}

function apply<Item>(filter: Params, items: readonly Item[], table: FilterTable<Item>): readonly Item[] {
  const name = filter.get('Name') ?? ''
  const valueIn = table[name]
  if (valueIn === undefined) throw new RdsError('InvalidParameterValue', `Unrecognized filter name: ${name}`)
  const wanted = new Set((texts(filter, 'Values') ?? []).map((value) => lastPart(value)))
  return items.filter((item) => wanted.has(lastPart(valueIn(item) ?? '')))
}

const lastPart = (value: string): string =>
  (value.startsWith('arn:') ? (value.split(':').at(-1) ?? '') : value).toLowerCase()
