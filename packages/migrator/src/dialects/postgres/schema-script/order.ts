import type { Graph, SchemaObject } from './objects.ts'

/**
 * Objects with what they need first. Those that need each other, directly or by way of others, are one group. The order of
 * the objects stays where nothing speaks against it. Tarjan's algorithm, without recursion.
 */
export function inOrder({ objects, needs }: Graph): readonly (readonly SchemaObject[])[] {
  const byKey = new Map(objects.map((each) => [each.key, each]))
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  const groups: SchemaObject[][] = []
  let count = 0

  function enter(key: string) {
    numbers.set(key, count)
    lowest.set(key, count++)
    open.push(key)
    isOpen.add(key)
    return { key, rest: [...(needs.get(key) ?? [])].values() }
  }

  function close(key: string): void {
    if (lowest.get(key) !== numbers.get(key)) return
    const group = open.splice(open.lastIndexOf(key))
    for (const each of group) isOpen.delete(each)
    groups.push(group.flatMap((each) => byKey.get(each) ?? []))
  }

  const lower = (key: string, to: number | undefined) => lowest.set(key, Math.min(lowest.get(key) ?? 0, to ?? 0))

  for (const { key: start } of objects) {
    if (numbers.has(start)) continue
    const path = [enter(start)]
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.rest.next()
      if (next.done) {
        path.pop()
        close(top.key)
        const above = path.at(-1)
        if (above) lower(above.key, lowest.get(top.key))
      } else if (!numbers.has(next.value)) path.push(enter(next.value))
      else if (isOpen.has(next.value)) lower(top.key, numbers.get(next.value))
    }
  }
  return groups
}
