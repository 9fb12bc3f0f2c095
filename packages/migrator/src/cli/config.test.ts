import { describe, expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import { checkConfig, configPath, defineConfig, loadConfig } from './config.ts'

describe('a configuration', () => {
  const check = (config: unknown) => expect(checkConfig(config, 'migrator.config.ts')).toEqual(config)
  const checkRefused = (config: unknown, word: string) =>
    expect(() => checkConfig(config, 'migrator.config.ts'), JSON.stringify(config)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(word) }),
    )

  test('may be empty, or set everything', () => {
    check({})
    check(defineConfig({ migrations: 'm', logFile: false, lockTimeoutMs: 0, historyTable: 'ops.history' }))
    check({ databaseUrl: undefined, lockTimeoutMs: undefined, backups: { rds: { timeoutMs: undefined } } })
  })

  test('is refused where a setting does not exist', () => {
    checkRefused({ migrationsFolder: 'm' }, 'migrationsFolder')
    checkRefused({ toString: 1 }, 'toString')
  })

  test('is refused where a value is of another type', () => {
    checkRefused({ migrations: 7 }, 'migrations')
    checkRefused({ logFile: true }, 'logFile')
    checkRefused({ lockTimeoutMs: '5s' }, 'lockTimeoutMs')
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) checkRefused({ lockRetries: value }, 'lockRetries')
  })

  test('is refused where it is no object', () => {
    for (const config of [undefined, null, 'config', 7]) checkRefused(config, 'default export')
  })
})

describe('the configuration of a folder', () => {
  test('is empty where there is none', async () => {
    const directory = folderOf({})
    expect(await loadConfig(directory)).toEqual({ config: {}, directory })
  })

  test('is what its file exports, and its paths are relative to it', async () => {
    const directory = folderOf({ 'migrator.config.mjs': "export default { migrations: 'm' }" })
    const located = await loadConfig(directory)
    expect(located).toEqual({ config: { migrations: 'm' }, directory, path: `${directory}/migrator.config.mjs` })
    expect(configPath(located, 'm')).toBe(`${directory}/m`)
    expect(configPath(located, '/absolute')).toBe('/absolute')
  })

  test('may be a function that returns it later, in any kind of module', async () => {
    for (const [name, text] of [
      ['migrator.config.ts', "export default async () => ({ migrations: 'm' as string })"],
      ['migrator.config.mts', "export default () => ({ migrations: 'm' as string })"],
      ['migrator.config.cjs', "module.exports = async () => ({ migrations: 'm' })"],
      ['migrator.config.cts', "exports.default = async (): Promise<object> => ({ migrations: 'm' })"],
    ] as const) {
      expect((await loadConfig(folderOf({ [name]: text, 'package.json': '{}' }))).config).toEqual({ migrations: 'm' })
    }
  })

  test('is refused when it does not load', async () => {
    const directory = folderOf({ 'migrator.config.mjs': "throw new Error('not today')" })
    await expect(loadConfig(directory)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('not today'),
    })
  })
})
