import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Body, InvalidBody, readFault, text } from './control-body.ts'
import type { Faults } from './faults.ts'
import type { Requests } from './requests.ts'
import type { NewCluster, NewInstance, Scene } from './scene.ts'
import { RdsError } from './wire/error.ts'
import { livingClusters, livingInstances, statusIn, type World } from './world.ts'

/** JSON on `/_simulator/…`, beside the API: for whoever is in another process. */
export interface Control {
  answer(request: IncomingMessage, body: string, response: ServerResponse): Promise<void>
}

export interface ControlDeps {
  readonly scene: Scene
  readonly faults: Faults
  readonly requests: Requests
  readonly world: World
  onError(error: unknown): void
}

type Route = (body: Body) => unknown

export function createControl(deps: ControlDeps): Control {
  const routes = routesOf(deps)
  return {
    async answer(request, body, response) {
      const path = (request.url ?? '').split('?')[0] ?? ''
      const route = routes[`${request.method} ${path}`]
      try {
        if (route === undefined)
          return sendJson(response, 404, {
            error: `There is no ${request.method} ${path}.`,
            routes: Object.keys(routes),
          })
        sendJson(response, 200, (await route(request.method === 'POST' ? parse(request, body) : {})) ?? {})
      } catch (error) {
        const expected = error instanceof InvalidBody || error instanceof RdsError
        if (!expected) deps.onError(error)
        sendJson(response, expected ? 400 : 500, { error: error instanceof Error ? error.message : String(error) })
      }
    },
  }
}

function routesOf({ scene, faults, requests, world }: ControlDeps): Readonly<Record<string, Route>> {
  return {
    'GET /_simulator': () => overview(world),
    'GET /_simulator/faults': () => faults.list(),
    'POST /_simulator/faults': (body) => {
      faults.add(readFault(body))
      return faults.list()
    },
    'DELETE /_simulator/faults': () => faults.clear(),
    'GET /_simulator/requests': () => requests.list(),
    'DELETE /_simulator/requests': () => requests.clear(),
    'POST /_simulator/instances': (body) => scene.addInstance({ ...body, id: text(body, 'id') } as NewInstance),
    'POST /_simulator/clusters': (body) => scene.addCluster({ ...body, id: text(body, 'id') } as NewCluster),
    'POST /_simulator/cluster-endpoints': (body) => ({
      host: scene.addClusterEndpoint({ id: text(body, 'id'), clusterId: text(body, 'clusterId') }),
    }),
    'POST /_simulator/proxies': (body) => ({
      host: scene.addProxy({ name: text(body, 'name'), targetId: text(body, 'targetId') }),
    }),
    'POST /_simulator/blue-green-deployments': (body) => ({
      id: scene.addBlueGreenDeployment({
        name: text(body, 'name'),
        sourceId: text(body, 'sourceId'),
        ...(body.status === undefined ? {} : { status: text(body, 'status') }),
      }),
    }),
    'POST /_simulator/automated-snapshots': async (body) => ({
      id: await scene.addAutomatedSnapshot(text(body, 'instanceId')),
    }),
  }
}

function overview(world: World): unknown {
  const row = (item: Parameters<typeof statusIn>[1] & { server: { port: number } }) => ({
    id: item.id,
    status: statusIn(world, item),
    port: item.server.port,
  })
  const { account } = world
  return {
    region: account.region,
    instances: livingInstances(world).map(row),
    clusters: livingClusters(world).map(row),
    snapshots: [...account.snapshots.keys()],
    clusterSnapshots: [...account.clusterSnapshots.keys()],
  }
}

// A web page of somebody else's may send a form to loopback, but no JSON.
function parse(request: IncomingMessage, body: string): Body {
  if (!request.headers['content-type']?.startsWith('application/json'))
    throw new InvalidBody('Send content-type: application/json.')
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch (cause) {
    throw new InvalidBody('The body is no JSON.', { cause })
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Body
  throw new InvalidBody('The body is no JSON object.')
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value, undefined, 2)}\n`
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}
