import type { RunReport } from '../engine/run/report.ts'
import type { CommandContext } from './command-context.ts'
import { drizzleConfigIn, readDrizzleConfig } from './init/drizzle-config.ts'
import { dangerOfPush } from './init/drizzle-push.ts'
import { drizzleKitMajor } from './init/project.ts'

/** Said once, by the run that begins the history: where `drizzle-kit push` would drop it. */
export function noticeOfPush({ config, database, output }: CommandContext, report: RunReport): void {
  if (!beginsHistory(report)) return
  const file = drizzleConfigIn(config.directory)
  if (file === undefined) return
  const { schema, table } = database.historyTable
  const drizzle = readDrizzleConfig(config.directory, file)
  const danger = dangerOfPush(`${schema}.${table}`, { config: drizzle, major: drizzleKitMajor(config.directory) })
  if (danger !== undefined) output.warn(output.speak(danger))
}

function beginsHistory({ results, statuses = [], dryRun }: RunReport): boolean {
  if (dryRun) return false
  const applied = new Set(results.flatMap(({ status, step }) => (status === 'applied' ? [step.id] : [])))
  return applied.size > 0 && statuses.every(({ id, entry }) => !entry || applied.has(id))
}
