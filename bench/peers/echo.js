/**
 * The frameworks for calls: each serves one operation and calls it from another process, as its own
 * documentation does it. `node:http` with undici's pool is the floor under all that speak HTTP.
 *
 * A server gives its port and, on request, nothing else; a client gives the call.
 */
import { createServer } from 'node:http'
import { rpcClients, rpcServers } from './rpc.js'

const KEEP_MS = 60_000
const CONNECTIONS_MAX = 256

const answerTo = (question) => ({
  ok: true,
  id: question.id,
  n: question.n + 1,
  count: question.items.length,
})

const text = { type: 'string' }
const questionSchema = {
  type: 'object',
  required: ['id', 'n', 'items', 'note'],
  properties: {
    id: text,
    n: { type: 'integer' },
    items: { type: 'array', items: text },
    note: text,
  },
}
const answerSchema = {
  type: 'object',
  properties: {
    ok: { type: 'boolean' },
    id: text,
    n: { type: 'integer' },
    count: { type: 'integer' },
  },
}

/** Each starts a server and gives its port. */
export const servers = {
  async 'node:http + undici'() {
    const server = createServer({ keepAliveTimeout: KEEP_MS }, (request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const body = JSON.stringify(answerTo(JSON.parse(Buffer.concat(chunks).toString())))
        const headers = {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }
        response.writeHead(200, headers).end(body)
      })
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server.address().port
  },

  async 'fastify + undici'() {
    const { fastify } = await import('fastify')
    const app = fastify({ keepAliveTimeout: KEEP_MS })
    const schema = { body: questionSchema, response: { 200: answerSchema } }
    app.post('/call', { schema }, async (request) => answerTo(request.body))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server.address().port
  },

  async 'hono + undici'() {
    const { Hono } = await import('hono')
    const { serve } = await import('@hono/node-server')
    const app = new Hono()
    app.post('/call', async (context) => context.json(answerTo(await context.req.json())))
    const serverOptions = { keepAliveTimeout: KEEP_MS }
    const { port } = await new Promise((resolve) =>
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', serverOptions }, resolve),
    )
    return port
  },

  ...rpcServers(answerTo),

  'moleculer (TCP)': (port) => moleculerServer(port),
  'moleculer (TCP, policies)': (port) => moleculerServer(port, policies),
}

/** What an edge of ours has, as Moleculer has it. */
const policies = {
  requestTimeout: 5_000,
  retryPolicy: { enabled: true, retries: 3 },
  circuitBreaker: { enabled: true },
  bulkhead: { enabled: true, concurrency: 1_000, maxQueueSize: 1_000 },
}

async function moleculerServer(port, more) {
  const broker = await moleculer('server', { port, urls: [] }, more)
  broker.createService({
    name: 'echo',
    actions: {
      call: {
        params: { id: 'string', n: 'number', items: 'array', note: 'string' },
        handler: (context) => answerTo(context.params),
      },
    },
  })
  await broker.start()
  return port
}

/** Each gives the call of a server on this port. */
export const clients = {
  'node:http + undici': posted,
  'fastify + undici': posted,
  'hono + undici': posted,

  ...rpcClients,

  'moleculer (TCP)': (port, question) => moleculerClient(port, question),
  'moleculer (TCP, policies)': (port, question) => moleculerClient(port, question, policies),
}

async function moleculerClient(port, question, more) {
  const urls = [`127.0.0.1:${port}/server`]
  const broker = await moleculer('client', { port: null, urls }, more)
  await broker.start()
  await broker.waitForServices('echo', 20_000)
  return () => broker.call('echo.call', question)
}

async function posted(port, question) {
  const { Pool } = await import('undici')
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS_MAX })
  const headers = { 'content-type': 'application/json' }
  return async () => {
    const body = JSON.stringify(question)
    const response = await pool.request({ method: 'POST', path: '/call', headers, body })
    return response.body.json()
  }
}

async function moleculer(nodeID, { port, urls }, more = {}) {
  const { default: library } = await import('moleculer')
  const options = { udpDiscovery: false, port, urls }
  return new library.ServiceBroker({
    nodeID,
    namespace: 'bench',
    logger: false,
    transporter: { type: 'TCP', options },
    ...more,
  })
}
