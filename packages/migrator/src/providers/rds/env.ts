const QUIET = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'

/**
 * The SDK prints eight lines about the future of Node 20 when its first client is made. Whoever is on call can't do
 * anything about that: the variable that silences it is set while the client is made, and is then as it was before.
 */
export function withoutVersionWarning<T>(work: () => T): T {
  const before = process.env[QUIET]
  process.env[QUIET] = 'true'
  try {
    return work()
  } finally {
    if (before === undefined) delete process.env[QUIET]
    else process.env[QUIET] = before
  }
}
