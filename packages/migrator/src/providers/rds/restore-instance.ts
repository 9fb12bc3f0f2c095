import type { DBInstance } from '@aws-sdk/client-rds'
import type { RestoredPlace } from '../../ports/backup.ts'
import { describeInstance, unlessUnknown } from './describe.ts'
import { sameMajor } from './engine.ts'
import { placeOf } from './handover.ts'
import { leftBehind } from './left-behind.ts'
import { makeOnce } from './make-once.ts'
import { newPlaceState, untilUsable } from './restored.ts'
import type { Restoring } from './restoring.ts'
import { instanceSettings, laterSettings } from './settings.ts'
import { tagsForRestored } from './tags.ts'

/** Makes a new DB instance of a DB snapshot, with the settings of its source where that is still there. */
export async function restoreInstance(restoring: Restoring): Promise<RestoredPlace> {
  const { aws, snapshot, target, watch } = restoring
  const source = await unlessUnknown(describeInstance(aws, snapshot.source))
  if (source === undefined) watch.progress({ message: goneNote(snapshot.source), elapsedMs: 0 })
  await makeOnce(restoring, {
    what: `DB instance ${target}`,
    send: () => sendRestore(restoring, source),
    find: () => unlessUnknown(describeInstance(aws, target)),
  })
  return leftBehind(instanceLeft(restoring), async () => {
    const made = await untilUsable(restoring, `DB instance ${target}`, () => look(restoring))
    const unsettled = source ? await settleLater(restoring, source) : undefined
    return placeOf(restoring, { kind: 'instance', address: made.Endpoint?.Address, port: made.Endpoint?.Port }, [
      ...(source === undefined ? [goneNote(snapshot.source)] : []),
      ...(source && !sameMajor(source.EngineVersion, snapshot.engineVersion) ? [upgradedNote(source, restoring)] : []),
      ...(unsettled === undefined ? [] : [unsettled]),
      ...(source?.MasterUserSecret ? [secretNote(source)] : []),
    ])
  })
}

function sendRestore({ aws, snapshot, target, options }: Restoring, source: DBInstance | undefined): Promise<unknown> {
  const Tags = [...tagsForRestored(source?.TagList ?? [], snapshot.id, options.toolVersion)]
  const settings = source ? instanceSettings(source, snapshot) : {}
  const input = { ...settings, DBInstanceIdentifier: target, DBSnapshotIdentifier: snapshot.id, Tags }
  return aws.askOnce('RestoreDBInstanceFromDBSnapshot', `DB instance "${target}"`, (rds, o) =>
    rds.restoreDBInstanceFromDBSnapshot(input, o),
  )
}

async function look({ aws, target }: Restoring) {
  const instance = await unlessUnknown(describeInstance(aws, target))
  if (instance === undefined) return { kind: 'absent' } as const
  return newPlaceState(instance.DBInstanceStatus, instance, instance.PercentProgress)
}

/** Monitoring and the like. Failing here costs a line of what is left to do, not the restore. */
async function settleLater({ aws, target, watch }: Restoring, source: DBInstance): Promise<string | undefined> {
  const settings = laterSettings(source)
  if (settings === undefined) return undefined
  const input = { ...settings, DBInstanceIdentifier: target, ApplyImmediately: true }
  try {
    await aws.ask('ModifyDBInstance', `DB instance "${target}"`, (rds, o) => rds.modifyDBInstance(input, o))
    watch.progress({ message: `DB instance ${target}: monitoring and storage limits as at the source`, elapsedMs: 0 })
    return undefined
  } catch (error) {
    aws.signal.throwIfAborted()
    return `Set by hand: ${Object.keys(settings).join(', ')}, as at ${source.DBInstanceIdentifier}; it was refused: ${(error as Error).message}`
  }
}

function instanceLeft({ aws, target }: Restoring) {
  const at = `--db-instance-identifier ${target} --region ${aws.region}`
  return {
    signal: aws.signal,
    made: [`DB instance ${target}`],
    text: `The DB instance "${target}" is left behind.`,
    look: `aws rds describe-db-instances ${at} shows it; aws rds delete-db-instance --skip-final-snapshot ${at} removes it.`,
  }
}

function goneNote(source: string): string {
  return `The source ${source} is gone: the new instance has AWS's default security group and parameter group and a single zone. Set them before it is used.`
}

function upgradedNote(source: DBInstance, { snapshot }: Restoring): string {
  return `The source now runs ${source.EngineVersion}, the snapshot ${snapshot.engineVersion}: parameter group and option group are the defaults.`
}

function secretNote(source: DBInstance): string {
  return `The master password is the one at the time of the snapshot. That of ${source.DBInstanceIdentifier} is managed in Secrets Manager and may have been rotated since: set a new one.`
}
