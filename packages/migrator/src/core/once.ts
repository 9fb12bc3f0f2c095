/**
 * Work that is done when it is first asked for, and only then: what later callers pass is not looked at. Work that failed is
 * done again when asked for again.
 */
export function once<T, Given extends readonly unknown[] = []>(
  work: (...given: Given) => Promise<T>,
): (...given: Given) => Promise<T> {
  return lasting(work, () => false)
}

/** What is made when it is first asked for, and made anew once it is gone or could not be made. */
export function lasting<T, Given extends readonly unknown[] = []>(
  make: (...given: Given) => Promise<T>,
  isGone: (made: T) => boolean,
): (...given: Given) => Promise<T> {
  let result: Promise<T> | undefined
  return async (...given) => {
    const before = result
    if (before && isGone(await before) && result === before) result = undefined
    result ??= forgettingFailure(make(...given))
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
