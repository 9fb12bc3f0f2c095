import type { DataLossEffect } from '../../../core/data-loss-effect.ts'
import type { EffectReader, ReadEffects } from '../../../ports/script-language.ts'
import { readCode } from './code-texts.ts'
import { createStatementEffects, type StatementEffects } from './destroys.ts'
import { LOOKS_DESTRUCTIVE } from './drops.ts'
import { plainDrops } from './plain-drops.ts'
import { loadParser, visitStatements } from './statements.ts'

/** See `ScriptLanguage.effectReader`. */
export function createEffectReader(): EffectReader {
  const effectsOf = createStatementEffects()
  return {
    read: (action) =>
      action.kind === 'sql' ? ofScript(action.sql, effectsOf) : ofCode(action.run.toString(), effectsOf),
  }
}

async function ofScript(sql: string, effectsOf: StatementEffects): Promise<ReadEffects> {
  const plain = plainDrops(sql)
  if (plain) return { effects: plain, isOpaque: false }
  const effects: DataLossEffect[] = []
  const broken = await visitStatements(sql, (statement) => effects.push(...effectsOf([statement])))
  return { effects: broken ? [] : effects, isOpaque: false }
}

/** Of code only what its SQL texts say, unless it could do more, or nothing of it is SQL. */
async function ofCode(source: string, effectsOf: StatementEffects): Promise<ReadEffects> {
  await loadParser()
  const { statements, rest } = readCode(source)
  const isOpaque =
    LOOKS_DESTRUCTIVE.test(rest) || (statements.length === 0 && /\bawait\b|\breturn\b|=>/.test(bodyOf(rest)))
  return { effects: effectsOf(statements), isOpaque }
}

/** Without its head: an arrow function's arrow says nothing. */
function bodyOf(source: string): string {
  return source.replace(/^[^{]*?=>\s*\{?|^[^{]*\{/, '')
}
