export interface ScratchFlags {
  readonly scratchUrl?: string
}

export const SCRATCH_URL = {
  type: 'string',
  requiresArg: true,
  describe: 'Server for scratch databases; its role needs CREATEDB (default: an embedded PostgreSQL)',
} as const
