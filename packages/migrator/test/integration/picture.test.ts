import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { scene } from '../support/scene.ts'
import { terminalPicture } from '../support/terminal-picture.ts'

const root = join(import.meta.dirname, '../../../..')

/** The mistake that reviews miss most: the down undoes what one sees, and forgets the constraint. */
const FILES = {
  ...pair(
    '0001_users',
    'CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL UNIQUE);',
    'DROP TABLE users;',
  ),
  ...pair(
    '0002_phone_login',
    'ALTER TABLE users ADD phone text UNIQUE;\nALTER TABLE users ALTER email DROP NOT NULL;',
    'ALTER TABLE users DROP phone;',
  ),
}

test('the picture in the README is what a rehearsal of a broken down prints; -u draws it again', async () => {
  const { project } = await scene(FILES)
  const finished = await project.run(['rehearse', '--all', '--scratch-url', inject('serverUrl')])
  expect(finished.code).toBe(1)
  // Without the table and the progress above the reasons: their columns are as wide as the times are long.
  const [, reasons = ''] = /\n\n(0001_users\n[\s\S]*?)\n\nNext:/.exec(finished.stdout) ?? []
  const refusal = finished.stderr.slice(finished.stderr.indexOf('✗'))
  const output = `${reasons}\n\n${refusal}`
  const [, alt = ''] = /!\[([^\]]+)\]\(docs\/images\/rehearsal\.svg\)/.exec(
    await readFile(join(root, 'README.md'), 'utf8'),
  ) ?? ['', '']
  expect(alt).not.toBe('')
  const picture = terminalPicture('migrator rehearse --all', output, alt)
  await expect(picture).toMatchFileSnapshot(join(root, 'docs/images/rehearsal.svg'))
})
