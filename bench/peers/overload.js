/**
 * A service that can do a few things at once, each in 10 ms, and clients who wait for 200 ms: with what
 * each library offers against overload.
 */
const DEADLINE_MS = 200
const WORK_MS = 10

async function work() {
  await new Promise((resolve) => setTimeout(resolve, WORK_MS))
  return { ok: true }
}

/** The work of a service that computes, if `compute` is given, and otherwise waits. */
function workOf(compute, waiting) {
  if (compute === undefined) return waiting
  return async () => {
    compute()
    return { ok: true }
  }
}

/** Work that queues for its turn, as it does for the connections of a pool. */
function workplace(atOnce) {
  const queue = []
  let working = 0
  const leave = () => {
    const next = queue.shift()
    if (next === undefined) working -= 1
    else next()
  }
  return async () => {
    if (working >= atOnce) await new Promise((resolve) => queue.push(resolve))
    else working += 1
    const answer = await work()
    leave()
    return answer
  }
}

/** Each starts a server and gives its port. */
export const servers = {
  fastify: fastifyServer,
  'fastify + cockatiel': fastifyServer,

  async moleculer(port, atOnce, compute) {
    const bulkhead = { enabled: true, concurrency: atOnce, maxQueueSize: 100 }
    const broker = await moleculer('server', { port, urls: [] }, { bulkhead })
    broker.createService({ name: 'slow', actions: { work: workOf(compute, work) } })
    await broker.start()
    return port
  },
}

/** Each gives one attempt, which `counted` counts, wrapped as its users wrap it. */
export const clients = {
  async fastify(port, counted) {
    const attempt = counted(await attemptAt(port))
    return async () => {
      for (let attempts = 1; ; attempts += 1) {
        try {
          return await attempt(AbortSignal.timeout(DEADLINE_MS))
        } catch (error) {
          if (attempts === 3) throw error
        }
      }
    }
  },

  async 'fastify + cockatiel'(port, counted) {
    const c = await import('cockatiel')
    const attempt = counted(await attemptAt(port))
    const policy = c.wrap(
      c.retry(c.handleAll, { maxAttempts: 2, backoff: new c.ExponentialBackoff() }),
      c.circuitBreaker(c.handleAll, {
        halfOpenAfter: 1_000,
        breaker: new c.SamplingBreaker({ threshold: 0.5, duration: 2_000 }),
      }),
      c.bulkhead(64, 64),
      c.timeout(DEADLINE_MS, c.TimeoutStrategy.Aggressive),
    )
    return () => policy.execute(({ signal }) => attempt(signal))
  },

  async moleculer(port, counted) {
    const urls = [`127.0.0.1:${port}/server`]
    const broker = await moleculer(
      'client',
      { port: null, urls },
      {
        requestTimeout: DEADLINE_MS,
        retryPolicy: { enabled: true, retries: 2, delay: 50 },
        circuitBreaker: { enabled: true, threshold: 0.5, windowTime: 2, halfOpenTime: 1_000 },
      },
    )
    await broker.start()
    await broker.waitForServices('slow', 20_000)
    return counted(() => broker.call('slow.work'))
  },
}

async function fastifyServer(_port, atOnce, compute) {
  const { fastify } = await import('fastify')
  const app = fastify()
  app.get('/work', workOf(compute, workplace(atOnce)))
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  return app.server.address().port
}

async function attemptAt(port) {
  const { Agent } = await import('undici')
  const agent = new Agent({ pipelining: 1 })
  const origin = `http://127.0.0.1:${port}`
  return async (signal) => {
    const response = await agent.request({ origin, path: '/work', method: 'GET', signal })
    await response.body.dump()
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
  }
}

async function moleculer(nodeID, { port, urls }, settings) {
  const { default: library } = await import('moleculer')
  const options = { udpDiscovery: false, port, urls }
  const transporter = { type: 'TCP', options }
  return new library.ServiceBroker({
    nodeID,
    namespace: 'bench',
    logger: false,
    transporter,
    ...settings,
  })
}
