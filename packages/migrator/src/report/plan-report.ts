import type { PlanFacts } from '../core/plan-facts.ts'
import { planHtml } from './plan/html.ts'
import { planJson } from './plan/json.ts'
import { planMarkdown } from './plan/markdown.ts'
import { planText } from './plan/text.ts'
import { type Style, styleFor } from './style.ts'

export const PLAN_FORMATS = ['text', 'markdown', 'json', 'html'] as const
export type PlanFormat = (typeof PLAN_FORMATS)[number]

/**
 * Writes a plan for people and programs: order, SQL, locks, loss, duration, verdict, checksums and backup. Text for a
 * terminal, Markdown for a comment on a pull request, JSON, or self-contained HTML. Pure: the same facts give the same
 * report.
 */
export class MigrationPlanReporter {
  readonly #style: Style

  /** Plain text unless a style says otherwise. */
  constructor(style: Style = styleFor({}, 'plain')) {
    this.#style = style
  }

  render(facts: PlanFacts, format: PlanFormat): string {
    if (format === 'markdown') return planMarkdown(facts)
    if (format === 'html') return planHtml(facts)
    if (format === 'json') return `${JSON.stringify({ schemaVersion: 1, ...planJson(facts) }, undefined, 2)}\n`
    return planText(facts, this.#style)
  }
}
