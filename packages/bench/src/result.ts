/** One line of the result. */
export interface Line {
  readonly what: string
  readonly value: string
  readonly spread?: string
  readonly ratio?: string
  readonly target?: string
  readonly verdict?: 'met' | 'MISSED'
}

/** One table of the result. */
export interface Section {
  readonly title: string
  /** What was done, and how to read the ratios. */
  readonly notes: readonly string[]
  readonly lines: readonly Line[]
}

export function verdict(holds: boolean): 'met' | 'MISSED' {
  return holds ? 'met' : 'MISSED'
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`
}

/** The fastest and the slowest round. */
export function spreadOf(times: readonly number[]): string {
  return `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`
}
