import { createInterface } from 'node:readline/promises'
import { plural } from '../core/plural.ts'
import type { Proposal } from '../engine/run/run-kind.ts'
import { MigratorError } from '../errors.ts'
import type { BackupChoice } from './backups.ts'
import type { DatabaseContext } from './command-context.ts'

/**
 * On a protected database, steps that take something away want a backup, or a reasoned refusal of one; and the database's
 * name: typed, or as `--confirm NAME`.
 */
export async function approveRun(
  command: DatabaseContext,
  { plan, destructive }: Proposal,
  { confirm, backup }: { readonly confirm: string | undefined; readonly backup: BackupChoice },
): Promise<void> {
  const risky = plan.direction === 'down' ? plan.steps.map(({ id }) => id) : destructive
  if (risky.length === 0 || !(await command.protection()).protected) return
  const { host, database } = command.database.location
  const verb = plan.direction === 'down' ? 'reverts' : 'drops, truncates or deletes in'
  const what = `This ${verb} ${plural(risky.length, 'migration', 'migrations')} on the protected database "${database}" at ${host}: ${risky.join(', ')}.`
  if (backup.kind === 'open') throw new MigratorError('BACKUP_REQUIRED', `${what} No backup was requested.`)
  if (confirm === database) return
  if (confirm !== undefined) throw required(what, `--confirm names "${confirm}", but the database is "${database}".`)
  if (!canAsk(command)) throw required(what, `Add --confirm ${database}; --yes is for local databases only.`)
  const answer = await ask(`${what}\nType the database's name to continue: `)
  if (answer !== database) throw required(what, `"${answer}" is not the database's name. Nothing was changed.`)
}

/** What only a local database may be asked to do: agreed to by --yes, or by a typed yes. */
export async function approveLocal(command: DatabaseContext, what: string, agreed: boolean): Promise<void> {
  if ((await command.protection()).protected) {
    throw new MigratorError(
      'PROTECTED_DATABASE',
      `${what} The database "${command.database.location.database}" at ${command.database.location.host} is protected.`,
    )
  }
  if (agreed) return
  if (!canAsk(command)) throw required(what, 'Add --yes to agree.')
  if (!(await askYes(what))) throw required(what, 'Nothing was changed.')
}

/** Putting a backup back in place replaces what is there now: agreed to by its name where it is protected, by a yes elsewhere. */
export async function approveInPlace(
  command: DatabaseContext,
  id: string,
  { confirm, yes }: { readonly confirm: string | undefined; readonly yes: boolean },
): Promise<void> {
  const { database, host } = command.database.location
  await approveOverwrite(
    command,
    `This restores the backup ${id} over the current contents of "${database}" at ${host}.`,
    { confirm, yes },
  )
}

/** What overwrites or removes data without a run: agreed to by the database's name where it is protected, by a yes elsewhere. */
export async function approveOverwrite(
  command: DatabaseContext,
  what: string,
  { confirm, yes }: { readonly confirm?: string | undefined; readonly yes: boolean },
): Promise<void> {
  const { database } = command.database.location
  if (!(await command.protection()).protected) return approveLocal(command, what, yes || confirm === database)
  if (confirm === database) return
  if (!canAsk(command)) throw required(what, `Add --confirm ${database}; --yes is for local databases only.`)
  const answer = await ask(`${what}\nType the database's name to continue: `)
  if (answer !== database) throw required(what, `"${answer}" is not the database's name. Nothing was changed.`)
}

/** What writes the history of a protected database wants its name. */
export async function approveHistory(command: DatabaseContext, confirm: string | undefined): Promise<void> {
  const { database } = command.database.location
  if (confirm === database || !(await command.protection()).protected) return
  const message = `This writes the history of the protected database "${database}".`
  throw new MigratorError('CONFIRMATION_REQUIRED', message, { hint: `Add --confirm ${database}.` })
}

/** The database's name as it was typed; undefined without a terminal. */
export async function askedName(command: DatabaseContext, what: string): Promise<string | undefined> {
  return canAsk(command) ? ask(`${what}\nType the database's name to continue: `) : undefined
}

/** A typed yes, where somebody is there to type it. */
export async function agreesTo(command: Pick<DatabaseContext, 'output'>, what: string): Promise<boolean> {
  return canAsk(command) && (await askYes(what))
}

function canAsk({ output }: Pick<DatabaseContext, 'output'>): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !output.json
}

async function askYes(what: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${what}\nContinue? Type yes: `))
}

/** Ctrl-D at the prompt is an empty answer: a no. Ctrl-C rejects with INTERRUPTED. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>((resolve, reject) => {
    terminal.once('SIGINT', () => reject(new MigratorError('INTERRUPTED', 'Interrupted. Nothing was changed.')))
    terminal.once('close', () => resolve(''))
  })
  try {
    return (await Promise.race([terminal.question(question), closed])).trim()
  } finally {
    terminal.close()
  }
}

function required(what: string, hint: string): MigratorError {
  return new MigratorError('CONFIRMATION_REQUIRED', what, { hint })
}
