import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect as connectTo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateDBSnapshotCommand, RDSClient } from '@aws-sdk/client-rds'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Running, startCommand } from '../support/command.ts'
import { availableSnapshot, connect, instanceOf } from '../support/scene.ts'

/** The command's own temporary folder, so that other simulators of this machine are neither seen nor touched. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rds-command-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const exported = ({ said }: Running, name: string): string =>
  new RegExp(`export ${name}=(\\S+)`).exec(said.stdout)?.[1] ?? ''
const homesIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('rds-simulator-'))

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

async function started(
  words: readonly string[],
  folder: string,
): Promise<Running & { readonly url: string; readonly databaseUrl: string }> {
  const command = startCommand(words, folder)
  await command.says('Then try:')
  return { ...command, url: exported(command, 'AWS_ENDPOINT_URL_RDS'), databaseUrl: exported(command, 'DATABASE_URL') }
}

test('it prints what to export, and what it prints works; Ctrl-C stops and removes everything', async () => {
  const folder = temporaryFolder()
  const words = [
    '--region',
    'eu-central-1',
    '--instance',
    'my-prod',
    '--cluster',
    'my-aurora',
    '--snapshot-seconds',
    '0.1',
  ]
  const command = await started(words, folder)
  expect(await connect(command.databaseUrl)`SELECT current_database() AS name`).toEqual([{ name: 'summit' }])
  for (const name of ['AWS_ENDPOINT_URL_RDS', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    vi.stubEnv(name, exported(command, name))
  }
  onTestFinished(() => void vi.unstubAllEnvs())
  const client = new RDSClient({})
  expect(await instanceOf(client, 'my-prod')).toMatchObject({ DBInstanceStatus: 'available' })
  expect(await instanceOf(client, 'my-aurora-1')).toMatchObject({ DBClusterIdentifier: 'my-aurora' })
  await client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'my-prod', DBSnapshotIdentifier: 'first' }))
  await availableSnapshot(client, 'first')
  const port = Number(new URL(command.databaseUrl).port)

  command.process.kill('SIGINT')
  expect(await command.ended).toEqual({ code: 0, signal: null })
  expect(command.said.stderr).toBe('Stopping …\n')
  expect([await listens(port), homesIn(folder)]).toEqual([false, []])
})

test('SIGTERM ends it as cleanly', async () => {
  const folder = temporaryFolder()
  const command = await started([], folder)
  command.process.kill('SIGTERM')
  expect(await command.ended).toEqual({ code: 0, signal: null })
  expect([await listens(Number(new URL(command.databaseUrl).port)), homesIn(folder)]).toEqual([false, []])
})

test('SIGTERM while it starts leaves nothing either', async () => {
  const folder = temporaryFolder()
  const command = startCommand([], folder)
  while (!homesIn(folder).some((home) => readdirSync(join(folder, home)).length > 0)) await sleep(5)
  command.process.kill('SIGTERM')
  expect((await command.ended).code).toBe(0)
  expect(homesIn(folder)).toEqual([])
})

test('after SIGKILL the next start ends the servers and removes the folder of the killed one, but not of a living one', async () => {
  const folder = temporaryFolder()
  const [killed, living] = await Promise.all([started([], folder), started([], folder)])
  const port = Number(new URL(killed.databaseUrl).port)
  killed.process.kill('SIGKILL')
  await killed.ended
  expect([await listens(port), homesIn(folder).length]).toEqual([true, 2])

  const next = await started([], folder)
  expect([await listens(port), homesIn(folder).length]).toEqual([false, 2])
  expect(await connect(living.databaseUrl)`SELECT 1 AS one`).toEqual([{ one: 1 }])
  for (const command of [living, next]) {
    command.process.kill('SIGTERM')
    await command.ended
  }
  expect(homesIn(folder)).toEqual([])
})

test('a port that is taken is said in one line, and nothing is left', async () => {
  const folder = temporaryFolder()
  const first = await started([], folder)
  const second = startCommand(['--port', new URL(first.url).port], folder)
  expect((await second.ended).code).toBe(1)
  expect(second.said).toEqual({
    stdout: '',
    stderr: 'That port is taken. Choose another with --port, or leave --port out.\n',
  })
  expect(homesIn(folder)).toHaveLength(1)
  first.process.kill('SIGTERM')
  await first.ended
})

test.each([
  [['--prot', '4000'], 'Unknown argument: prot\n'],
  [['--port', 'http'], '--port http: it has to be a number from 0 to 65535.\n'],
  [['--snapshot-seconds'], 'Not enough arguments following: snapshot-seconds\n'],
])('%j is refused in one line with exit code 2, and starts nothing', async (words, message) => {
  const folder = temporaryFolder()
  const command = startCommand(words, folder)
  expect((await command.ended).code).toBe(2)
  expect(command.said).toEqual({ stdout: '', stderr: message })
  expect(existsSync(folder) && homesIn(folder)).toEqual([])
})

test('--help tells every flag and starts nothing', async () => {
  const folder = temporaryFolder()
  const command = startCommand(['--help'], folder)
  expect((await command.ended).code).toBe(0)
  for (const flag of ['--port', '--region', '--instance', '--cluster', '--snapshot-seconds'])
    expect(command.said.stdout).toContain(flag)
  expect(homesIn(folder)).toEqual([])
})
