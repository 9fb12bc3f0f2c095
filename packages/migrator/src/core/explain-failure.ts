import type { RehearsalFacts, RehearsalFailure } from './rehearsal.ts'

/** Whether the values were to blame, and not how the rows relate to each other. */
export function isOfValues({ kind }: RehearsalFailure): boolean {
  return kind === 'value-refused'
}

/** Whether a key, a check or the like refused a row. */
function isOfRules({ kind }: RehearsalFailure): boolean {
  return kind === 'rule-refused' || kind === 'value-repeated'
}

/** What holds for plain values and not for extreme ones: an up that fails is undone, a down that fails is needed. */
export function explainExtremes(plain: RehearsalFacts, { at, message }: RehearsalFailure): RehearsalFacts {
  if (at === 'down')
    return { ...plain, unproven: `Its down fails on some rows that the up allows (it works on plain rows): ${message}` }
  return at === 'up'
    ? { ...plain, conditions: [`Its up fails on some rows (it works on plain rows): ${message}`] }
    : plain
}

/**
 * A down that works until somebody writes differs from one that never works. It is broken where it changes a column
 * and does not say what to do with values that do not fit. Where it refuses rows as a whole, by looking at them or by
 * a key or a check that it brings back, nothing is lost, and no text could bring them back either: unproven.
 */
export function explainDown(failed: RehearsalFacts, milder: RehearsalFacts): RehearsalFacts {
  if (!failed.failure) return failed
  if (milder.failure?.at === 'down') return milder.failure.kind === 'raised' ? meantSo(failed) : failed
  const refusal = `rows written after the up: ${failed.failure.message}`
  if (failed.failure.kind === 'raised') return { ...milder, unproven: `Its down rejects ${refusal}` }
  if (failed.transactional && isOfRules(failed.failure))
    return { ...milder, unproven: `Its down fails and changes nothing on ${refusal} (it works without such rows)` }
  const message = `${failed.failure.message} (with rows written after the up; it works without them)`
  return { ...failed, failure: { ...failed.failure, message } }
}

/** How people mark what cannot be undone. */
function meantSo(failed: RehearsalFacts): RehearsalFacts {
  if (!failed.failure) return failed
  const message = `${failed.failure.message} (if it cannot be undone, declare that instead of a down: irreversible="why")`
  return { ...failed, failure: { ...failed.failure, message } }
}

/**
 * An up that fails on tables with rows only. Where it refuses what the rows hold, made-up rows are no proof against it, and
 * what it does with others' rows is not known.
 */
export function explainUp(failed: RehearsalFacts, empty: RehearsalFacts): RehearsalFacts {
  if (!failed.failure || empty.failure?.at === 'up') return failed
  const { message } = failed.failure
  const refuser = refuserOf(failed.failure)
  if (refuser) return { ...empty, unproven: `${refuser} rejects every generated row (${SEED}): ${message}` }
  return {
    ...failed,
    failure: { ...failed.failure, message: `${message} (on tables with rows; it works on empty tables)` },
  }
}

const SEED = 'export a seed(db), or put an ID.seed.sql beside the pair'

function refuserOf(failure: RehearsalFailure): string | undefined {
  if (failure.code === 'VALIDATION_FAILED') return 'Its validate()'
  const { kind } = failure
  return isOfValues(failure) || kind === 'raised' || kind === 'several-rows' ? 'Its up' : undefined
}
