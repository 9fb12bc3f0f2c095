import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Migration } from '../../src/core/migration.ts'
import { defineMigration, MigrationRunner, type MigrationRunnerOptions, type RunEvent } from '../../src/index.ts'
import type { Database } from '../../src/ports/database.ts'
import { until } from '../support/until.ts'
import { creating, type Subject, written } from './subject.ts'

/**
 * What the engine promises on every database, whatever it can undo on its own. Nothing here knows one: where databases
 * differ, their capabilities say what is to be expected.
 */
export function contract(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let adapter: Database

    beforeEach(async () => {
      subject = await open()
      onTestFinished(() => subject.close())
      adapter = subject.client()
    })

    const runnerOn = (on: Database, options: Partial<MigrationRunnerOptions> = {}) =>
      new MigrationRunner({ adapter: on, operator: { user: 'contract' }, ...options })
    const runner = (options: Partial<MigrationRunnerOptions> = {}) => runnerOn(adapter, options)
    const elsewhere = () => runnerOn(subject.client())
    const make = (id: string, ...names: readonly string[]) => creating(subject, id, names)

    async function states(migrations: readonly Migration[]): Promise<readonly string[]> {
      return (await elsewhere().status(migrations)).migrations.map(({ id, state }) => `${id} ${state}`)
    }

    /** A run that is killed while it pauses: what came before its pause is there, what comes behind it is not. */
    async function killed(run: (on: MigrationRunner) => Promise<{ readonly error?: unknown }>): Promise<void> {
      const letGo = await subject.hold()
      const client = subject.client()
      const outcome = run(runnerOn(client)).catch((error: unknown) => ({ error }))
      await subject.paused()
      await subject.kill(client)
      expect((await outcome).error).toMatchObject({ code: expect.stringMatching(/^(CONNECTION_LOST|LOCK_LOST)$/) })
      await letGo()
    }

    describe.each([true, false])('migrations with transaction=%s', (transactional) => {
      const makes = (id: string, ...names: readonly string[]) => creating(subject, id, names, transactional)

      test('are applied once, in order, and rolled back, the newest first', async () => {
        const all = [makes('0001_one', 'a', 'b'), makes('0002_two', 'c')]
        const up = await runner().apply(all)
        expect(up.error).toBeUndefined()
        expect(up.results.map(({ step, status }) => [step.id, status])).toEqual([
          ['0001_one', 'applied'],
          ['0002_two', 'applied'],
        ])
        expect(await subject.objects()).toEqual(['a', 'b', 'c'])
        expect((await runner().apply(all)).results).toEqual([])
        expect((await runner().rollback(all)).results.map(({ step }) => step.id)).toEqual(['0002_two'])
        expect(await subject.objects()).toEqual(['a', 'b'])
        expect(await states(all)).toEqual(['0001_one applied', '0002_two pending'])
        expect((await runner().rollback(all, { all: true })).error).toBeUndefined()
        expect(await subject.objects()).toEqual([])
      })

      test('are rolled back from what the history keeps when their files are gone', async () => {
        await runner().apply([makes('0001_one', 'a', 'b')])
        const down = await runner().rollback([])
        expect(down.results).toMatchObject([{ status: 'reverted', step: { by: 'archive' } }])
        expect(await subject.objects()).toEqual([])
      })

      test('leave nothing when a later one fails at its second statement', async () => {
        const { create, drop, fail } = subject.say
        const failing = written(subject, { id: '0003_bad', up: [create('c'), fail], down: [drop('c')], transactional })
        const all = [makes('0001_one', 'a'), makes('0002_two', 'b'), failing, makes('0004_four', 'd')]
        const { error, results } = await runner().apply(all, { transaction: 'each' })
        expect(error).toMatchObject({ code: 'MIGRATION_FAILED', details: { id: '0003_bad' } })
        expect(results.map(({ status }) => status)).toEqual(['reverted', 'reverted', 'failed', 'not-run'])
        expect(await subject.objects()).toEqual([])
        expect(await states(all)).toEqual(all.map(({ id }) => `${id} pending`))
      })

      test('stay where that is asked for, but for the one that failed', async () => {
        const { create, drop, fail } = subject.say
        const failing = written(subject, { id: '0002_bad', up: [create('b'), fail], down: [drop('b')], transactional })
        const options = { transaction: 'each', onFailure: 'stop' } as const
        const { results } = await runner().apply([makes('0001_one', 'a'), failing], options)
        expect(results.map(({ status }) => status)).toEqual(['applied', 'failed'])
        expect(await subject.objects()).toEqual(['a'])
      })

      test('are rolled back no further than to one that is irreversible', async () => {
        const { create, fail } = subject.say
        const kept = written(subject, { id: '0002_kept', up: [create('b')], transactional })
        const failing = written(subject, { id: '0004_bad', up: [fail], down: [], transactional })
        const all = [makes('0001_one', 'a'), kept, makes('0003_three', 'c'), failing]
        const { error, results } = await runner().apply(all, { transaction: 'each' })
        expect(error?.details.rollbackError).toMatchObject({ code: 'MIGRATION_IRREVERSIBLE' })
        expect(results.map(({ status }) => status)).toEqual(['applied', 'applied', 'reverted', 'failed'])
        expect(await subject.objects()).toEqual(['a', 'b'])
      })

      test('stop a rollback at a down that fails before it has done anything', async () => {
        const { create, drop, fail } = subject.say
        const stuck = written(subject, { id: '0001_one', up: [create('a')], down: [fail, drop('a')], transactional })
        const all = [stuck, makes('0002_two', 'b')]
        await runner().apply(all)
        const { error } = await runner().rollback(all, { all: true, transaction: 'each' })
        expect(error).toMatchObject({ code: 'ROLLBACK_FAILED', details: { id: '0001_one' } })
        expect(await states(all)).toEqual(['0001_one applied', '0002_two pending'])
        expect(await subject.objects()).toEqual(['a'])
      })
    })

    test('modules are applied and rolled back', async () => {
      const { create, drop } = subject.say
      const { send } = subject
      const all = [
        defineMigration({
          id: '0001_code',
          up: async (db: never) => {
            await send(db, create('a'))
            await send(db, create('b'))
          },
          down: async (db: never) => {
            await send(db, drop('b'))
            await send(db, drop('a'))
          },
        }),
      ]
      expect((await runner().apply(all)).error).toBeUndefined()
      expect(await subject.objects()).toEqual(['a', 'b'])
      expect((await runner().rollback(all)).error).toBeUndefined()
      expect(await subject.objects()).toEqual([])
    })

    test('a down that fails half-way outside a transaction is dirty, and a repair settles it', async () => {
      const { create, drop, fail } = subject.say
      const [up, down] = [
        [create('a'), create('b')],
        [drop('b'), fail],
      ]
      const all = [written(subject, { id: '0001_one', up, down, transactional: false })]
      await runner().apply(all)
      const { error } = await runner().rollback(all)
      expect(error).toMatchObject({ code: 'ROLLBACK_FAILED', details: { dirty: true } })
      expect(await states(all)).toEqual(['0001_one dirty'])
      expect(await subject.objects()).toEqual(['a'])
      await expect(runner().apply(all)).rejects.toMatchObject({ code: 'RECOVERY_FAILED' })
      await subject.execute(drop('a'))
      await runner().repair(all, { kind: 'clear-dirty', id: '0001_one', as: 'pending' })
      expect((await runner().apply(all)).error).toBeUndefined()
      expect(await subject.objects()).toEqual(['a', 'b'])
    })

    describe('a run that is killed between two statements', () => {
      const paused = (down: readonly string[], more: readonly string[] = []) => {
        const { create, pause } = subject.say
        const up = [create('a'), ...more, pause, create('z')]
        return [written(subject, { id: '0001_one', up, down, transactional: false })]
      }

      const recoveredBy = async (all: readonly Migration[]) => {
        const { recovered, error } = await runner().apply(all)
        expect(error).toBeUndefined()
        return recovered
      }

      test('is dirty and tells how far it came; the next run recovers by what is there, then applies', async () => {
        const { drop, pause } = subject.say
        const all = paused([drop('z'), drop('a')])
        await killed((on) => on.apply(all, { lockTimeoutMs: 0 }))
        expect(await subject.objects()).toEqual(['a'])
        const [found] = (await elsewhere().status(all)).migrations
        const progress = { direction: 'up', finished: 1, statement: pause }
        expect(found).toMatchObject({ state: 'dirty', entry: { progress } })
        await expect(runner().apply(all, { dirty: 'stop' })).rejects.toMatchObject({ code: 'MIGRATION_DIRTY' })
        const next = await runner().apply([...all, make('0002_two', 'b')])
        expect([next.recovered, next.error]).toEqual([['0001_one'], undefined])
        expect(await subject.objects()).toEqual(['a', 'b', 'z'])
        expect(await states(all.slice(0, 1))).toContain('0001_one applied')
      })

      test('is recovered without what stood there before', async () => {
        const { create, drop } = subject.say
        await subject.execute(create('old'))
        const all = paused([drop('z'), drop('a'), drop('old')])
        await killed((on) => on.apply(all, { lockTimeoutMs: 0 }))
        expect(await recoveredBy(all)).toEqual(['0001_one'])
        expect(await subject.objects()).toEqual(['a', 'old', 'z'])
      })

      test('is rolled back by a rollback too', async () => {
        const { drop } = subject.say
        const all = paused([drop('z'), drop('a')])
        await killed((on) => on.apply(all, { lockTimeoutMs: 0 }))
        expect((await runner().rollback(all)).results).toMatchObject([{ status: 'reverted' }])
        expect(await subject.objects()).toEqual([])
      })

      test('stays dirty where its down leaves something of it', async () => {
        const { create, drop } = subject.say
        const all = paused([drop('a')], [create('b')])
        await killed((on) => on.apply(all, { lockTimeoutMs: 0 }))
        await expect(runner().apply(all)).rejects.toMatchObject({ code: 'RECOVERY_FAILED' })
        expect(await states(all)).toEqual(['0001_one dirty'])
        expect(await subject.objects()).toContain('b')
      })

      test('is recovered by code that cannot be looked into only where that can be rolled back', async () => {
        const { drop, opaque } = subject.say
        const all = paused([opaque(drop('a'))])
        await killed((on) => on.apply(all, { lockTimeoutMs: 0 }))
        if (adapter.capabilities.atomic === 'schema-and-data') {
          expect(await recoveredBy(all)).toEqual(['0001_one'])
          return
        }
        await expect(runner().apply(all)).rejects.toMatchObject({ code: 'RECOVERY_FAILED' })
        expect(await subject.objects()).toEqual(['a'])
      })

      test('resumes an interrupted rollback where it stopped', async () => {
        const { create, drop, pause } = subject.say
        const [up, down] = [
          [create('a'), create('b')],
          [drop('b'), pause, drop('a')],
        ]
        const all = [written(subject, { id: '0001_one', up, down, transactional: false })]
        await runner().apply(all)
        await killed((on) => on.rollback(all, { lockTimeoutMs: 0 }))
        expect(await subject.objects()).toEqual(['a'])
        const [found] = (await elsewhere().status(all)).migrations
        expect(found).toMatchObject({ state: 'dirty', entry: { progress: { direction: 'down', finished: 1 } } })
        expect((await runner().rollback(all)).error).toBeUndefined()
        expect(await subject.objects()).toEqual([])
        expect(await states(all)).toEqual(['0001_one pending'])
      })
    })

    test('a concurrent runner waits for the run lock, and plans again when it has it', async () => {
      const { create, drop, pause } = subject.say
      const first = written(subject, { id: '0001_one', up: [create('a'), pause], down: [drop('a')] })
      const all = [first, make('0002_two', 'b')]
      const letGo = await subject.hold()
      const running = runner().apply([first], { lockTimeoutMs: 0 })
      await subject.paused()
      const waits = elsewhere()
      await expect(waits.apply(all, { lockWaitMs: 0 })).rejects.toMatchObject({
        code: 'LOCK_UNAVAILABLE',
        details: { holder: { applicationName: expect.any(String) } },
      })
      const kinds = new Set<string>()
      const onProgress = ({ kind }: RunEvent) => kinds.add(kind)
      const second = waits.apply(all, { lockWaitMs: 60_000, onProgress })
      await until('it waits', async () => kinds.has('lock-waiting') || undefined)
      await letGo()
      expect((await running).error).toBeUndefined()
      expect((await second).results.map(({ step }) => step.id)).toEqual(['0002_two'])
      expect(await subject.objects()).toEqual(['a', 'b'])
    })

    test('a statement that would destroy the history is not sent where that could not be undone', async () => {
      const { create, drop, harm } = subject.say
      const bad = written(subject, { id: '0002_bad', up: [create('b'), harm], down: [drop('b')], transactional: false })
      const all = [make('0001_one', 'a'), bad]
      await runner().apply(all.slice(0, 1))
      expect((await runner().apply(all)).error).toMatchObject({ code: 'HISTORY_CHANGED' })
      expect(await states(all)).toEqual(['0001_one applied', '0002_bad pending'])
      expect(await subject.objects()).toEqual(['a'])
    })

    test('what the database does not offer is refused while planning', async () => {
      const { capabilities, keptData, losses } = adapter
      const all = [make('0001_one', 'a'), make('0002_two', 'b')]
      const refusals: readonly [string, boolean, (dryRun: boolean) => Promise<unknown>][] = [
        ['batch', capabilities.oneTransactionForAll, (dryRun) => runner().apply(all, { transaction: 'batch', dryRun })],
        ['kept data', keptData !== undefined, (dryRun) => runner().rollback(all, { preserveData: true, dryRun })],
        ['losses', losses !== undefined, (dryRun) => runner({ protected: true }).rollback(all, { dryRun })],
        ['acceptLoss', true, (dryRun) => runner({ protected: true }).rollback(all, { acceptLoss: true, dryRun })],
      ]
      const told: [string, unknown, unknown][] = []
      for (const [what, , run] of refusals) told.push([what, await codeOf(run(true)), await codeOf(run(false))])
      const expected = (offered: boolean) => (offered ? undefined : 'NOT_SUPPORTED')
      expect(told).toEqual(refusals.map(([what, offered]) => [what, expected(offered), expected(offered)]))
    })

    test('a rehearsal is refused where there is nothing to rehearse on', async () => {
      const code = adapter.capabilities.rehearsal ? 'SCRATCH_UNAVAILABLE' : 'NOT_SUPPORTED'
      const scratchless = runner({
        scratchUrl: adapter.capabilities.rehearsal ? undefined : 'postgresql://nowhere/none',
      })
      expect(await codeOf(scratchless.rehearse([make('0001_one', 'a')]))).toBe(code)
      expect(await codeOf(scratchless.drift([make('0001_one', 'a')]))).toBe(code)
      expect(await subject.objects()).toEqual([])
    })

    test('a dry run shows what would be sent, and changes nothing', async () => {
      const { create } = subject.say
      const { plan, sql, dryRun } = await runner().apply([make('0001_one', 'a')], { dryRun: true })
      expect(dryRun).toBe(true)
      expect(plan.steps.map(({ id }) => id)).toEqual(['0001_one'])
      expect(sql?.['0001_one']).toContain(create('a'))
      expect(await subject.objects()).toEqual([])
      expect(await runner().history()).toEqual({ applied: [], attempts: [] })
    })

    test('validate names what is no statement, and a run refuses it before anything happens', async () => {
      const broken = written(subject, {
        id: '0002_broken',
        up: [subject.say.unreadable],
        down: [],
        transactional: false,
      })
      const all = [make('0001_one', 'a'), broken]
      const { problems } = await runner().validate(all)
      expect(problems.map(({ id }) => id)).toEqual(['0002_broken'])
      await expect(runner().apply(all)).rejects.toMatchObject({ code: 'MIGRATION_FILES_INVALID' })
      expect(await subject.objects()).toEqual([])
    })

    test('a baseline records without running, and a dropped record runs nothing either', async () => {
      const all = [make('0001_one', 'a'), make('0002_two', 'b')]
      await subject.execute(subject.say.create('a'))
      expect(await runner().baseline(all, '0001_one')).toMatchObject({ recorded: ['0001_one'] })
      expect((await runner().apply(all)).results.map(({ step }) => step.id)).toEqual(['0002_two'])
      await runner().repair(all, { kind: 'drop-record', id: '0002_two' })
      expect(await states(all)).toEqual(['0001_one applied', '0002_two pending'])
      expect(await subject.objects()).toEqual(['a', 'b'])
    })

    test('an edit of what is applied is refused until it is accepted', async () => {
      await runner().apply([make('0001_one', 'a')])
      const edited = [make('0001_one', 'a', 'b')]
      expect(await states(edited)).toEqual(['0001_one changed'])
      await expect(runner().apply(edited)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
      await runner().repair(edited, { kind: 'accept-checksum', id: '0001_one' })
      expect(await states(edited)).toEqual(['0001_one applied'])
    })
  })
}

/** The code of what a call rejects with, or reports. */
async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const outcome = (await call.catch((error: unknown) => ({ error }))) as { error?: { code?: unknown } }
  return outcome.error?.code
}
