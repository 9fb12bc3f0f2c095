// What `seed` inserts, computed without a database: 3 organisations and their use of the product over three months.
import type { NewEvent, NewOrganisation, NewReport, NewSession, NewSource, NewUser, NewUserProfile } from './rows.ts'

export interface SampleRows {
  readonly organisations: readonly NewOrganisation[]
  readonly users: readonly NewUser[]
  readonly userProfiles: readonly NewUserProfile[]
  readonly sources: readonly NewSource[]
  readonly sessions: readonly NewSession[]
  readonly events: readonly NewEvent[]
  readonly reports: readonly NewReport[]
}

const firstDay = Date.UTC(2026, 8, 1)
const days = 91
const dayMs = 24 * 60 * 60 * 1000
const createdAt = new Date(firstDay)

const plans = ['free', 'team', 'enterprise'] as const
const timeZones = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'] as const
const pages = ['/', '/pricing', '/dashboard', '/reports', '/settings'] as const
const laterNames = [
  'page_viewed',
  'page_viewed',
  'page_viewed',
  'button_clicked',
  'report_opened',
  'file_exported',
] as const

const samples = [
  { slug: 'acme', name: 'Acme', people: ['Ada', 'Ben', 'Chiara', 'Deniz', 'Elif', 'Farid', 'Grace', 'Hugo'] },
  { slug: 'globex', name: 'Globex', people: ['Ines', 'Jonas', 'Kofi', 'Lena', 'Mei'] },
  { slug: 'initech', name: 'Initech', people: ['Nadia', 'Omar', 'Priya'] },
] as const

type Sample = (typeof samples)[number]
type Random = () => number

export function sampleRows(): SampleRows {
  const random = createRandom(20260901)
  const rows = samples.map((sample, index) => organisationRows(sample, index + 1, random))
  return {
    organisations: rows.map((row) => row.organisation),
    users: rows.flatMap((row) => row.users),
    userProfiles: rows.flatMap((row) => row.userProfiles),
    sources: rows.flatMap((row) => row.sources),
    sessions: rows.flatMap((row) => row.visits.map((visit) => visit.session)),
    events: rows.flatMap((row) => row.visits.flatMap((visit) => visit.events)),
    reports: rows.flatMap((row) => row.reports),
  }
}

function organisationRows(sample: Sample, number: number, random: Random) {
  const organisationId = sampleId('a', number, 0)
  const users = sample.people.map((person, index) => ({
    id: sampleId('b', number, index),
    organisationId,
    email: `${person.toLowerCase()}@${sample.slug}.example`,
    createdAt,
    traits: { plan: pick(plans, random) },
  }))
  const sources = ['Web site', 'Mobile app'].map((name, index) => ({
    id: sampleId('c', number, index),
    organisationId,
    name,
    writeKey: `sample-${sample.slug}-${index}`,
    createdAt,
  }))
  return {
    organisation: { id: organisationId, slug: sample.slug, name: sample.name, createdAt },
    users,
    userProfiles: sample.people.map((displayName, index) => ({
      userId: sampleId('b', number, index),
      displayName,
      timeZone: pick(timeZones, random),
    })),
    sources,
    visits: visitRows({ number, organisationId, users, sources }, random),
    reports: reportRows(number, organisationId),
  }
}

interface Visitors {
  readonly number: number
  readonly organisationId: string
  readonly users: readonly { readonly id: string }[]
  readonly sources: readonly { readonly id: string }[]
}

/** Per person two visits in three days, 1 to 9 events each; every eighth visit is anonymous. */
function visitRows(visitors: Visitors, random: Random) {
  const count = Math.round((visitors.users.length * days * 2) / 3)
  return Array.from({ length: count }, (_, index) => visitRow(visitors, index, random))
}

function visitRow({ number, organisationId, users, sources }: Visitors, index: number, random: Random) {
  const sessionId = sampleId('d', number, index)
  const userId = random() < 1 / 8 ? null : pick(users, random).id
  const sourceId = pick(sources, random).id
  const startedMs = firstDay + Math.floor(random() * days) * dayMs + Math.floor((7 + random() * 12) * 60 * 60) * 1000
  let clockMs = startedMs
  const events = Array.from({ length: 1 + Math.floor(random() * 9) }, (_, step) => {
    if (step > 0) clockMs += Math.floor(5 + random() * 175) * 1000
    const occurredAt = new Date(clockMs)
    return {
      id: sampleId('e', number, index * 10 + step),
      organisationId,
      sourceId,
      userId,
      sessionId,
      name: step === 0 ? 'session_started' : pick(laterNames, random),
      properties: { page: pick(pages, random) },
      occurredAt,
      receivedAt: new Date(clockMs + 250),
    }
  })
  const session = {
    id: sessionId,
    organisationId,
    sourceId,
    userId,
    startedAt: new Date(startedMs),
    endedAt: new Date(clockMs),
    durationSeconds: (clockMs - startedMs) / 1000,
  }
  return { session, events }
}

function reportRows(number: number, organisationId: string): NewReport[] {
  const shared = { organisationId, createdBy: sampleId('b', number, 0), createdAt, updatedAt: createdAt }
  return [
    {
      ...shared,
      id: sampleId('f', number, 0),
      name: 'Page views',
      kind: 'trend',
      definition: { event: 'page_viewed' },
    },
    {
      ...shared,
      id: sampleId('f', number, 1),
      name: 'From visit to export',
      kind: 'funnel',
      definition: { steps: ['session_started', 'report_opened', 'file_exported'] },
    },
    {
      ...shared,
      id: sampleId('f', number, 2),
      name: 'Who comes back',
      kind: 'retention',
      definition: { periodDays: 7 },
    },
  ]
}

/** A valid version 4 UUID that tells its table by the first digit, and is the same every time. */
function sampleId(table: 'a' | 'b' | 'c' | 'd' | 'e' | 'f', organisation: number, index: number): string {
  const row = index.toString(16).padStart(12, '0')
  return `${table}0000000-0000-4000-8000-${organisation}${row.slice(1)}`
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('pick was given an empty list')
  return value
}

/** Mulberry32: numbers from 0 to below 1, the same for the same start. */
function createRandom(start: number): Random {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
