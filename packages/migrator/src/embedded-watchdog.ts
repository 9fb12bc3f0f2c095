/** The program that stops an idle embedded server: DIRECTORY IDLE_MS. */
import { watch } from './dialects/postgres/scratch/embedded/watchdog.ts'

const [directory = '', idleMs = ''] = process.argv.slice(2)
await watch(directory, Number(idleMs))
