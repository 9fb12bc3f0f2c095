/** The program that stops an embedded server once nobody has used it for a while: DIRECTORY IDLE_MS. */
import { watch } from './dialects/postgres/scratch/embedded/watchdog.ts'

const [directory = '', idleMs = ''] = process.argv.slice(2)
await watch(directory, Number(idleMs))
