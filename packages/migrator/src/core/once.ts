/** Work that is done when it is first asked for, and only then. Work that failed is done again when asked for again. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  return lasting(work, () => false)
}

/** What is made when it is first asked for, and made anew once it is gone or could not be made. */
export function lasting<T>(make: () => Promise<T>, isGone: (made: T) => boolean): () => Promise<T> {
  let result: Promise<T> | undefined
  return async () => {
    const before = result
    if (before && isGone(await before) && result === before) result = undefined
    result ??= forgettingFailure(make())
    return result
  }

  function forgettingFailure(made: Promise<T>): Promise<T> {
    const kept = made.catch((error: unknown) => {
      if (result === kept) result = undefined
      throw error
    })
    return kept
  }
}
