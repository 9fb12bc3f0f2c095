import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { MigratorError } from '../../../../errors.ts'
import { dumpPath } from './files.ts'
import { createMeter } from './metered.ts'
import type { DumpRecord } from './record.ts'

/** Rejects with RESTORE_FAILED unless the file is, byte for byte, what was written. One without a checksum passes. */
export async function verifyDump(directory: string, record: DumpRecord, signal: AbortSignal): Promise<void> {
  const path = dumpPath(directory, record.id)
  if (record.state !== 'available') throw refused(record.id, `the dump ${path} is not complete.`)
  if (record.checksum === undefined) return
  const meter = createMeter()
  meter.stream.resume()
  try {
    await pipeline(createReadStream(path, { signal }), meter.stream)
  } catch (cause) {
    signal.throwIfAborted()
    throw refused(
      record.id,
      `the file ${path} can't be read (${cause instanceof Error ? cause.message : cause}).`,
      cause,
    )
  }
  if (meter.checksum() !== record.checksum) {
    throw refused(record.id, `${path} is not the file that was written: its checksum differs.`)
  }
}

function refused(id: string, why: string, cause?: unknown): MigratorError {
  const hint = 'Restore another backup: db:snapshot list.'
  return new MigratorError('RESTORE_FAILED', `Backup ${id} was not restored: ${why}`, { hint, cause, details: { id } })
}
