import * as nodeModule from 'node:module'
import { MessageChannel } from 'node:worker_threads'

/** Loads a file's URL as another module, so that Node reads the file anew. */
export type Redirect = (url: string, version: string | undefined) => void

interface Resolved {
  readonly url: string
}
type Resolve = (specifier: string, context: unknown) => Resolved
interface SynchronousHooks {
  registerHooks?(hooks: { resolve(specifier: string, context: unknown, next: Resolve): Resolved }): void
}

/**
 * Teaches this process to load files in versions. Node 22.15 and later ask in this thread; before that in a thread of their
 * own, which learns of it over a port. https://nodejs.org/api/module.html#customization-hooks
 */
export function startRedirecting(): Redirect {
  const { registerHooks } = nodeModule as SynchronousHooks
  return registerHooks ? redirectHere(registerHooks) : redirectInHooksThread()
}

function redirectHere(registerHooks: NonNullable<SynchronousHooks['registerHooks']>): Redirect {
  const versions = new Map<string, string>()
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      const version = versions.get(resolved.url)
      return version === undefined ? resolved : { ...resolved, url: `${resolved.url}?version=${version}` }
    },
  })
  return (url, version) => void (version === undefined ? versions.delete(url) : versions.set(url, version))
}

function redirectInHooksThread(): Redirect {
  const { port1, port2 } = new MessageChannel()
  port1.unref()
  const source = `data:text/javascript,${encodeURIComponent(HOOKS)}`
  nodeModule.register(source, { data: { port: port2 }, transferList: [port2] })
  return (url, version) => port1.postMessage({ url, version })
}

/** Messages are taken from the port before every answer, so none that was sent before the import is late. */
const HOOKS = `
import { receiveMessageOnPort } from 'node:worker_threads'
const versions = new Map()
let port
export function initialize(data) { port = data.port }
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  for (let told = receiveMessageOnPort(port); told; told = receiveMessageOnPort(port)) versions.set(told.message.url, told.message.version)
  const version = versions.get(resolved.url)
  return version === undefined ? resolved : { ...resolved, url: resolved.url + '?version=' + version }
}`
