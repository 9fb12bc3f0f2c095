import { describe, expect, test } from 'vitest'
import { lasting, once } from './once.ts'

/** Answers in this order; the last one again and again. */
function answering(...answers: readonly (() => string)[]): { work: () => Promise<string>; asked(): number } {
  let asked = 0
  return {
    asked: () => asked,
    work: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)]
      return answer?.() ?? ''
    },
  }
}

const refuse = () => {
  throw new Error('refused')
}

describe('once', () => {
  test('does the work for the first who asks, and for everybody behind', async () => {
    const { work, asked } = answering(() => 'done')
    const get = once(work)
    expect(await Promise.all([get(), get()])).toEqual(['done', 'done'])
    expect(await get()).toBe('done')
    expect(asked()).toBe(1)
  })

  test('does work again that failed, and tells all who waited for it of the failure', async () => {
    const { work, asked } = answering(refuse, () => 'done')
    const get = once(work)
    const first = await Promise.allSettled([get(), get()])
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await get()).toBe('done')
    expect(asked()).toBe(2)
  })
})

test('lasting makes anew what is gone, once for all who ask', async () => {
  const gone = new Set<string>()
  const { work, asked } = answering(
    () => 'first',
    () => 'second',
  )
  const get = lasting(work, (made) => gone.has(made))
  expect(await get()).toBe('first')
  gone.add('first')
  expect(await Promise.all([get(), get()])).toEqual(['second', 'second'])
  expect(asked()).toBe(2)
})
