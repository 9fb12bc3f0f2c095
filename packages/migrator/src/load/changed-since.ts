import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MigratorError } from '../errors.ts'

const run = promisify(execFile)

/**
 * Paths below a directory, relative to it, that differ from where the current branch left `reference`, what is not
 * committed included. Rejects with USAGE_INVALID where git does not know the reference, or there is no repository.
 */
export async function changedSince(directory: string, reference: string): Promise<ReadonlySet<string>> {
  const git = async (...words: readonly string[]) => (await run('git', [...words], { cwd: directory })).stdout
  try {
    const base = (await git('merge-base', '--end-of-options', reference, 'HEAD')).trim()
    const changed = await git('diff', '--name-only', '--relative', '-z', base, '--', '.')
    const added = await git('ls-files', '--others', '--exclude-standard', '-z', '--', '.')
    return new Set(`${changed}\0${added}`.split('\0').filter(Boolean))
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? (cause as Error).message).trim()
    throw new MigratorError(
      'USAGE_INVALID',
      `git cannot list what changed since ${reference}: ${said.split('\n')[0]}`,
      {
        cause,
        hint: 'Name a commit, branch or tag of this repository; in CI, check out the full history (fetch-depth: 0).',
      },
    )
  }
}
