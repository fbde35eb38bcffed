/**
 * A service that says hello: one route, which reads its answer from PostgreSQL. Argument: with what it
 * is built. Environment: `DATABASE_URL`. It tells its parent the port that it listens on.
 */
import { Pool } from 'pg'

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const hello = async () => (await pool.query('select $1::text as hello', ['world'])).rows[0]

const starters = {
  async 'node:http'() {
    const { createServer } = await import('node:http')
    const server = createServer((_request, response) => {
      void hello().then((row) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(row)),
      )
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server.address().port
  },

  async fastify() {
    const { fastify } = await import('fastify')
    const app = fastify()
    app.get('/hello', hello)
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server.address().port
  },

  async hono() {
    const { Hono } = await import('hono')
    const { serve } = await import('@hono/node-server')
    const app = new Hono()
    app.get('/hello', async (context) => context.json(await hello()))
    const { port } = await new Promise((resolve) =>
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, resolve),
    )
    return port
  },
}

process.send({ port: await starters[process.argv[2]]() })
