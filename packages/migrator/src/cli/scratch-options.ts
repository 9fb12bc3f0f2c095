export interface ScratchFlags {
  readonly scratchUrl?: string
}

export const SCRATCH_URL = {
  type: 'string',
  requiresArg: true,
  describe: 'A server for scratch databases, as a role with CREATEDB (an embedded PostgreSQL)',
} as const
