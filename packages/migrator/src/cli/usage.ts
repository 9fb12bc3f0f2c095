import { nearestIds } from '../core/target.ts'
import type { Invocation } from '../report/invocation.ts'
import { invalid } from './values.ts'
import type { Words } from './words.ts'

/** yargs' own message, with what it leaves out: the nearest option, and the argument that is missing. */
export function explainUsage(
  message: string,
  { words, command = '' }: Words,
  invocation: Invocation,
  flags: readonly string[],
): string {
  const called = invocation.command(command)
  if (message.startsWith('Not enough non-option'))
    return `An argument is missing: ${called} ${ARGUMENTS[command] ?? ''}`
  const valueless = /^Not enough arguments following: (.+)$/.exec(message)?.[1]
  if (valueless !== undefined) return `--${valueless} needs a value.`
  if (message.startsWith('Invalid values:')) return invalidChoices(message, words)
  const unknown = /^Unknown (?:arguments?|commands?): ([^,]+)/.exec(message)?.[1]
  if (unknown === undefined) return message
  if (!words.some((word) => word.startsWith('-') && nameOfOption(word) === unknown)) {
    if (command === 'plan' && /^\d+$/.test(unknown)) return DOWN_TAKES_NO_NUMBER
    return `"${called}" takes no argument "${unknown}".`
  }
  const near = nearestIds(unknown, flags).map((flag) => `--${flag}`)
  const option = unknown.length === 1 ? `-${unknown}` : `--${unknown}`
  return `"${called}" has no option ${option}.${near.length > 0 ? ` Did you mean ${near.join(', ')}?` : ''}`
}

/** `--transaction must be batch or each (got "foo").` */
function invalidChoices(message: string, words: readonly string[]): string {
  return [...message.matchAll(/Argument: (\S+), Given: (.*?), Choices: (.*)/g)]
    .map(([, name = '', given, choices = '']) => {
      const isOption = words.some((word) => word.startsWith('-') && nameOfOption(word) === name)
      const valid = choices.replaceAll('"', '').replace(/, (?=[^,]*$)/, ' or ')
      return isOption ? `--${name} must be ${valid} (got ${given}).` : `${given} is not valid here: use ${valid}.`
    })
    .join('\n')
}

const DOWN_TAKES_NO_NUMBER = 'plan --down takes no number. Write plan --down --steps N.'

const ARGUMENTS: Readonly<Record<string, string>> = {
  new: 'NAME',
  import: 'HISTORY',
  repair: 'WHAT ID',
  snapshot: 'create|list|prune',
  restore: 'ID',
  preserved: 'list|show|apply|drop [ID]',
}

/** To yargs `--dry-run=1` is false: a typo must not become a run. */
export function refuseValuesOfSwitches({ words }: Words, switches: readonly string[]): void {
  for (const word of words) {
    const value = /^--[^=]+=(.*)$/s.exec(word)?.[1]
    const name = nameOfOption(word)
    if (value === undefined || !switches.includes(name) || value === 'true' || value === 'false') continue
    throw invalid(name === 'down' ? DOWN_TAKES_NO_NUMBER : `--${name} takes no value (got "${value}").`)
  }
}

function nameOfOption(word: string): string {
  return word.replace(/^-+/, '').replace(/=.*$/s, '')
}
