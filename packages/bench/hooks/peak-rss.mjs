// Preloaded into a measured process: at its end it leaves the most memory that it ever held, in kilobytes.
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  process.on('exit', () => writeFileSync(process.env.BENCH_PEAK_RSS, String(process.resourceUsage().maxRSS)))
}
