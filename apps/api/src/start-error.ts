/** What keeps the service from starting, in words for whoever starts it: the message says what to do. */
export class StartError extends Error {
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartError'
    this.exitCode = exitCode
  }
}
