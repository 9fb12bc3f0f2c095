/** PURE: whether what two runs at once told is true. */
import type { Outcome } from './drive.ts'
import type { Reality } from './reality.ts'
import { describeOutcome } from './tell.ts'

/** Two at once: one waits for the other, and is then refused only for what the other has changed. */
export function wrongBeside(outcome: Outcome): readonly string[] {
  if (outcome.kind !== 'told') return [`beside another run: ${describeOutcome(outcome)}`]
  const fine = [undefined, 'CONFIRMATION_REQUIRED', 'TARGET_NOT_APPLIED', 'TARGET_UNKNOWN']
  return fine.includes(outcome.told.code) ? [] : [`beside another run: ${describeOutcome(outcome)}`]
}

/** Exactly one of the two reports each application and each revert; a recovery may revert what was left dirty. */
export function miscounted(outcomes: readonly Outcome[], before: Reality, after: Reality): readonly string[] {
  const all = outcomes.flatMap((outcome) => (outcome.kind === 'told' ? [outcome.told] : []))
  const steps = all.flatMap((told) => told.steps ?? [])
  const recovered = all.flatMap((told) => told.recovered)
  return [...after.marks].flatMap(([id, marks]) => {
    const fresh = marks.slice(before.marks.get(id)?.length ?? 0)
    return (['applied', 'reverted'] as const).flatMap((status) => {
      const count = steps.filter((step) => step.id === id && step.status === status).length
      const more = status === 'reverted' ? recovered.filter((each) => each === id).length : 0
      const real = [...fresh].filter((mark) => mark === (status === 'applied' ? 'u' : 'd')).length
      if (real >= count && real <= count + more) return []
      return [
        `${id} was reported as ${status} ${count} times and as recovered ${more} times; its new marks are "${fresh}"`,
      ]
    })
  })
}
