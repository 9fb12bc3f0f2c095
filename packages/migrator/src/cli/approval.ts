import { createInterface } from 'node:readline/promises'
import { plural } from '../core/plural.ts'
import { MigratorError } from '../errors.ts'
import type { Proposal } from '../operations/execute.ts'
import type { World } from './wiring.ts'

/** On a protected database, steps that take something away want the database's name: typed, or as `--confirm NAME`. */
export async function approveRun(
  world: World,
  { plan, destructive }: Proposal,
  confirm: string | undefined,
): Promise<void> {
  const risky = plan.direction === 'down' ? plan.steps.map(({ id }) => id) : destructive
  if (!world.protected || risky.length === 0) return
  const { host, database } = world.database.location
  const verb = plan.direction === 'down' ? 'reverts' : 'drops, truncates or deletes in'
  const what = `This ${verb} ${plural(risky.length, 'migration', 'migrations')} on the protected database "${database}" at ${host}: ${risky.join(', ')}.`
  if (confirm === database) return
  if (confirm !== undefined) throw required(what, `--confirm names "${confirm}", but the database is "${database}".`)
  if (!canAsk(world)) throw required(what, `Add --confirm ${database}; --yes is for local databases only.`)
  const answer = await ask(`${what}\nType the database's name to go on: `)
  if (answer !== database) throw required(what, `"${answer}" is not its name. Nothing was changed.`)
}

/** What only a local database may be asked to do: agreed to by --yes, or by a typed yes. */
export async function approveLocal(world: World, what: string, agreed: boolean): Promise<void> {
  if (world.protected) {
    throw new MigratorError(
      'PROTECTED_DATABASE',
      `${what} The database "${world.database.location.database}" at ${world.database.location.host} is protected.`,
    )
  }
  if (agreed) return
  if (!canAsk(world)) throw required(what, 'Add --yes to agree.')
  if (!(await askYes(what))) throw required(what, 'Nothing was changed.')
}

/** A typed yes, where somebody is there to type it. */
export async function agreesTo(world: World, what: string): Promise<boolean> {
  return canAsk(world) && (await askYes(what))
}

function canAsk({ output }: World): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !output.json
}

async function askYes(what: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${what}\nGo on? Type yes: `))
}

/** Ctrl-C or Ctrl-D at the prompt is an empty answer: a no. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>((resolve) => {
    terminal.once('SIGINT', () => terminal.close())
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
