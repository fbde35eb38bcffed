/**
 * The libraries for remote procedures: oRPC, tRPC and Connect over HTTP/1.1, NestJS over its own TCP, each
 * as its documentation sets it up. oRPC and tRPC validate the question with zod; Connect reads it by its
 * descriptor; NestJS validates nothing.
 *
 * A server takes a free port and gives the port that it listens on; a client gives the call.
 */
import { Agent, createServer } from 'node:http'

const KEEP_MS = 60_000
const CONNECTIONS_MAX = 256

/** Each starts a server that answers with `answerTo`, and gives its port. */
export const rpcServers = (answerTo) => ({
  async orpc() {
    const { os } = await import('@orpc/server')
    const { RPCHandler } = await import('@orpc/server/node')
    const input = await questionSchema()
    const call = os.input(input).handler(({ input: question }) => answerTo(question))
    const handler = new RPCHandler({ call })
    return listening(async (request, response) => {
      const { matched } = await handler.handle(request, response, { prefix: '/rpc', context: {} })
      if (!matched) response.writeHead(404).end()
    })
  },

  async trpc() {
    const { initTRPC } = await import('@trpc/server')
    const { createHTTPHandler } = await import('@trpc/server/adapters/standalone')
    const t = initTRPC.create()
    const input = await questionSchema()
    // `call` is a word that its routers keep for themselves.
    const ask = t.procedure.input(input).mutation(({ input: question }) => answerTo(question))
    return listening(createHTTPHandler({ router: t.router({ ask }) }))
  },

  async connect() {
    const { connectNodeAdapter } = await import('@connectrpc/connect-node')
    const echo = await echoDescriptor()
    return listening(
      connectNodeAdapter({ routes: (router) => router.service(echo, { call: answerTo }) }),
    )
  },

  async 'nestjs (TCP)'(port) {
    await import('reflect-metadata')
    const { Controller, Module } = await import('@nestjs/common')
    const { NestFactory } = await import('@nestjs/core')
    const { MessagePattern, Payload, Transport } = await import('@nestjs/microservices')
    class Echo {
      call(question) {
        return answerTo(question)
      }
    }
    // oxlint-disable-next-line typescript/no-extraneous-class -- its modules are classes without content.
    class Root {}
    // What its decorators do, written out, because this is JavaScript.
    const described = Object.getOwnPropertyDescriptor(Echo.prototype, 'call')
    MessagePattern('call')(Echo.prototype, 'call', described)
    Payload()(Echo.prototype, 'call', 0)
    Controller()(Echo)
    Module({ controllers: [Echo] })(Root)
    const options = { host: '127.0.0.1', port }
    const app = await NestFactory.createMicroservice(Root, {
      transport: Transport.TCP,
      options,
      logger: false,
    })
    await app.listen()
    return port
  },
})

/** Each gives the call of a server on this port. */
export const rpcClients = {
  async orpc(port, question) {
    const { createORPCClient } = await import('@orpc/client')
    const { RPCLink } = await import('@orpc/client/fetch')
    const client = createORPCClient(new RPCLink({ url: `http://127.0.0.1:${port}/rpc` }))
    return () => client.call(question)
  },

  async trpc(port, question) {
    const { createTRPCClient, httpLink } = await import('@trpc/client')
    const client = createTRPCClient({ links: [httpLink({ url: `http://127.0.0.1:${port}` })] })
    return () => client.ask.mutate(question)
  },

  async connect(port, question) {
    const { createClient } = await import('@connectrpc/connect')
    const { createConnectTransport } = await import('@connectrpc/connect-node')
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX })
    const transport = createConnectTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      httpVersion: '1.1',
      nodeOptions: { agent },
    })
    const client = createClient(await echoDescriptor(), transport)
    return () => client.call(question)
  },

  async 'nestjs (TCP)'(port, question) {
    const { ClientProxyFactory, Transport } = await import('@nestjs/microservices')
    const { firstValueFrom } = await import('rxjs')
    const options = { host: '127.0.0.1', port }
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options })
    await client.connect()
    return () => firstValueFrom(client.send('call', question))
  },
}

async function questionSchema() {
  const { z } = await import('zod')
  return z.object({ id: z.string(), n: z.int(), items: z.array(z.string()), note: z.string() })
}

/** What its code generator would write from a `.proto` file of two messages and one call. */
async function echoDescriptor() {
  const { create, createFileRegistry } = await import('@bufbuild/protobuf')
  const { FileDescriptorProtoSchema } = await import('@bufbuild/protobuf/wkt')
  const [BOOL, INT, STRING] = [8, 5, 9]
  const [ONE, MANY] = [1, 3]
  const field = (name, number, type, label = ONE) => ({ name, number, type, label, jsonName: name })
  const file = create(FileDescriptorProtoSchema, {
    name: 'echo.proto',
    package: 'bench',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Question',
        field: [
          field('id', 1, STRING),
          field('n', 2, INT),
          field('items', 3, STRING, MANY),
          field('note', 4, STRING),
        ],
      },
      {
        name: 'Answer',
        field: [
          field('ok', 1, BOOL),
          field('id', 2, STRING),
          field('n', 3, INT),
          field('count', 4, INT),
        ],
      },
    ],
    service: [
      {
        name: 'Echo',
        method: [{ name: 'Call', inputType: '.bench.Question', outputType: '.bench.Answer' }],
      },
    ],
  })
  return createFileRegistry(file, () => undefined).getService('bench.Echo')
}

async function listening(onRequest) {
  const server = createServer({ keepAliveTimeout: KEEP_MS }, onRequest)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server.address().port
}
