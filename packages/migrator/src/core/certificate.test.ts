import { describe, expect, test } from 'vitest'
import { type Certificate, type Certificates, describeStale, knownLossIn, staleCertificates } from './certificate.ts'

const file = (id: string, more: object = {}) => ({ id, checksum: `sum of ${id}`, ...more })
const certificate = (id: string, more: Partial<Certificate> = {}): readonly [string, Certificate] => [
  id,
  {
    ...{ id, checksum: `sum of ${id}`, verdict: 'lossless', reasons: [], before: `before ${id}`, after: `after ${id}` },
    ...{ lostByDown: [], lostByRoundTrip: [], locks: {}, postgres: 18, ...more },
  },
]

describe('a certificate', () => {
  const check = (files: readonly ReturnType<typeof file>[], certificates: Certificates, expected: readonly string[]) =>
    expect(staleCertificates(files, certificates).map(describeStale)).toEqual(expected)

  const chain = new Map([certificate('0001_a'), certificate('0002_b', { before: 'after 0001_a' })])

  test('stands for the files that it was made of', () => check([file('0001_a'), file('0002_b')], chain, []))
  test('is missed', () => check([file('0001_a'), file('0002_b'), file('0003_c')], chain, ['0003_c has no certificate']))
  test('is void when any of the files is another', () => {
    for (const more of [{ checksum: 'x' }, { downChecksum: 'x' }, { importsChecksum: 'x' }])
      check([file('0001_a'), file('0002_b', more)], chain, ['0002_b was edited after its rehearsal'])
  })
  test('is void when those before it lead elsewhere', () =>
    check([file('0001_a'), file('0002_b')], new Map([...chain, certificate('0001_a', { after: 'elsewhere' })]), [
      '0002_b was rehearsed after different migrations than those before it now',
    ]))
  test('is left over', () => check([file('0001_a')], chain, ['0002_b has a certificate, but no file']))
})

describe('what a down is known to destroy', () => {
  const lost = [
    { table: 'public.a', how: 'dropped' },
    { table: 'public.b', column: 'c', how: 'emptied' },
    { table: 'public.b', column: 'd', how: 'removed' },
  ] as const

  test('is what goes as a whole', () => {
    const known = knownLossIn(
      [file('0001_a')],
      new Map([certificate('0001_a', { verdict: 'lossy', lostByDown: lost })]),
    )
    expect(known('0001_a')).toEqual([
      { kind: 'object', object: 'relation', ref: { schema: 'public', name: 'a' }, reach: 'restrict' },
      { kind: 'column', ref: { schema: 'public', name: 'b' }, column: 'c', reach: 'restrict' },
    ])
  })

  test('is nothing that a void certificate, or an unproven migration, says', () => {
    const edited = knownLossIn([file('0001_a', { checksum: 'x' })], new Map([certificate('0001_a')]))
    const unproven = knownLossIn([file('0001_a')], new Map([certificate('0001_a', { verdict: 'unproven' })]))
    expect([edited('0001_a'), unproven('0001_a'), unproven('0002_b')]).toEqual([undefined, undefined, undefined])
  })
})
