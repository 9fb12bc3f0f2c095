import { Writable } from 'node:stream'

/** Writes to stdout, also when it is diverted. */
export function writeResult(text: string, done: () => void = () => {}): void {
  Writable.prototype.write.call(process.stdout, text, 'utf8', done)
}

/**
 * What migrations print (console.log, process.stdout.write) goes to stderr from now on: stdout holds the command's result
 * alone, with --json one document.
 */
export function divertStdout(): void {
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
}
