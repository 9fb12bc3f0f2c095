import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Section } from './result.ts'
import { sectionMarkdown } from './table.ts'

const PATH = join(import.meta.dirname, '../../../docs/benchmarks.md')

/** Writes docs/benchmarks.md from one run. */
export function writeReport(facts: readonly string[], sections: readonly Section[]): void {
  writeFileSync(PATH, reportOf(facts, sections))
}

function reportOf(facts: readonly string[], sections: readonly Section[]): string {
  return `# Benchmarks

Written by \`pnpm bench --write\`; edit nothing here. These are the numbers of one run on one machine: compare the ratios
within it, not the milliseconds with those of another machine. Other work on the machine shows in the spread.

${facts.map((fact) => `- ${fact}`).join('\n')}

Every time is that of a whole process, from its start to its end. Each run has a new database; contenders take turns,
and each round begins with another one. Each peer is run as its documentation says, in its fastest way that is safe:
the scripts are in \`packages/bench/peers\`.

${sections.map(sectionMarkdown).join('\n\n')}

## Running it again

\`\`\`sh
pnpm bench            # a quarter of an hour or so; starts its own PostgreSQL
pnpm bench --quick    # fewer rounds, and growth only to 1,000
pnpm bench --only apply,rollback,far-away
pnpm bench --write    # writes this page
\`\`\`

psql is looked for on the PATH; without it the rest is measured all the same.
`
}
