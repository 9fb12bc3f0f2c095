// HTTP in front of the API: the faults that the API itself would know nothing of happen here.
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from './api.ts'
import type { Control } from './control.ts'
import type { Faults } from './faults.ts'
import { bodyOf, type Handler } from './listen.ts'

const htmlPage =
  '<html>\n<head><title>500 Internal Server Error</title></head>\n<body><h1>500 Internal Server Error</h1></body>\n</html>\n'

export function createFront(api: Api, control: Control, faults: Faults): Handler {
  return async (request, response) => {
    const body = await bodyOf(request)
    if (request.url?.startsWith('/_simulator')) return control.answer(request, body, response)
    const action = new URLSearchParams(body).get('Action') ?? ''
    const latency = faults.take('latency', action)
    if (latency) await sleep(latency.ms)
    if (faults.take('html-500', action)) return send(response, 500, 'text/html', htmlPage)
    const cutOff = faults.take('cut-off', action)
    const answer = await api.answer(body, request.headers.authorization)
    response.setHeader('x-amzn-RequestId', answer.requestId)
    if (cutOff) return sendHalf(response, answer.status, answer.body)
    send(response, answer.status, 'text/xml', answer.body)
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

/** The length is that of the whole: the client can tell that something is missing. */
function sendHalf(response: ServerResponse, status: number, body: string): Promise<void> {
  const bytes = Buffer.from(body)
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': bytes.length })
  return new Promise((resolve) => {
    response.write(bytes.subarray(0, bytes.length >> 1), () => {
      response.destroy()
      resolve()
    })
  })
}
