export interface Page<T> {
  readonly items: readonly T[] | undefined
  readonly marker: string | undefined
}

/** All pages of an answer; AWS gives a hundred items a page and a marker for the next. */
export async function pages<T>(read: (marker: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  let marker: string | undefined
  do {
    const page = await read(marker)
    all.push(...(page.items ?? []))
    marker = page.marker === marker || page.marker === '' ? undefined : page.marker
  } while (marker !== undefined)
  return all
}
