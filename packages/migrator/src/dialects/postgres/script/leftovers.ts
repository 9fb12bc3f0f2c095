/**
 * The statements that leave something in the session, and those that run functions or triggers, which may. Keys say
 * ON DELETE and SET NULL without any of that, but an unneeded clean-up only costs microseconds.
 */
const MAY_LEAVE = new RegExp(
  String.raw`\b(?:${[
    ...[
      'set',
      'reset',
      'discard',
      'load',
      'prepare',
      'deallocate',
      'declare',
      'listen',
      'temp',
      'temporary',
      'pg_temp',
    ],
    ...['do', 'call', 'select', 'execute', 'values', 'insert', 'update', 'delete', 'merge', 'copy', 'event'],
  ].join('|')})\b`,
  'i',
)

/** Whether a script may leave a setting, a role, a temporary object, a cursor or a lock in its session. */
export function mayLeaveSomething(sql: string): boolean {
  return MAY_LEAVE.test(sql)
}
