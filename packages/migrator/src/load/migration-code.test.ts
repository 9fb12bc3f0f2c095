import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { onLateError, runMigrationCode } from './migration-code.ts'

const never = new Promise<never>(() => {})

describe('a call fails with what its code throws', () => {
  test.each<[string, () => unknown]>([
    [
      'directly',
      () => {
        throw new Error('odd')
      },
    ],
    ['in its promise', async () => Promise.reject(new Error('odd'))],
    ['in a promise that nobody awaits', () => void Promise.reject(new Error('odd'))],
    [
      'in a timer, while its promise never settles',
      () => {
        setTimeout(() => {
          throw new Error('odd')
        })
        return never
      },
    ],
    [
      'in a promise that nobody awaits, later',
      () => {
        void pause(1).then(() => Promise.reject(new Error('odd')))
        return never
      },
    ],
  ])('%s', async (_, code) => {
    await expect(runMigrationCode('0001_a.ts', code)).rejects.toThrow('odd')
  })
})

describe('code that would end the process throws instead, even when it catches that', () => {
  test.each<[string, () => unknown]>([
    ['process.exit(0)', () => process.exit(0)],
    ['process.abort()', () => process.abort()],
    ['process.kill(', () => process.kill(process.pid, 'SIGKILL')],
  ])('%s', async (says, code) => {
    const swallowing = async () => {
      try {
        await code()
      } catch {}
    }
    await expect(runMigrationCode('0001_a.ts', code)).rejects.toThrow(says)
    await expect(runMigrationCode('0001_a.ts', swallowing)).rejects.toThrow(says)
  })
})

test('signals to other processes pass', async () => {
  await expect(runMigrationCode('0001_a.ts', () => process.kill(process.ppid, 0))).resolves.toBe(true)
})

test('reports what is thrown after the call has ended, and ends nothing', async () => {
  const told: string[] = []
  onLateError((message) => void told.push(message))
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const throwsLater = () => {
    void ended.then(() => setTimeout(() => process.exit(0), 1))
    return 'done'
  }
  await expect(runMigrationCode('0001_a.ts', throwsLater)).resolves.toBe('done')
  end()
  await vi.waitFor(() => expect(told).toEqual([expect.stringMatching(/^0001_a\.ts .*process\.exit\(0\)/)]))
})
