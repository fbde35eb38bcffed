/**
 * The shop in Fastify.
 */
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { answerOf } from './answer.ts'
import type { Shipment, Shipping } from './shipping.ts'

export function fastifyShop(shipping: Shipping): FastifyInstance {
  const app = fastify()

  app.get<{ Params: { postcode: string }; Querystring: { grams: string } }>(
    '/shipping/:postcode',
    async ({ params, query }, reply) => {
      const price = shipping.price(params.postcode, Number(query.grams), left(reply))
      const { status, body } = await answerOf(price)
      return reply.status(status).send(body)
    },
  )

  app.post<{ Params: { orderId: string }; Body: Omit<Shipment, 'orderId'> }>(
    '/orders/:orderId/parcel',
    async ({ params, body: sent }, reply) => {
      const shipment = { ...sent, orderId: params.orderId }
      const { status, body } = await answerOf(shipping.ship(shipment, left(reply)))
      return reply.status(status).send(body)
    },
  )

  return app
}

/** Aborts when the customer has left before the answer. */
function left(reply: FastifyReply): AbortSignal {
  const leaving = new AbortController()
  reply.raw.once('close', () => leaving.abort(new Error('the customer left')))
  return leaving.signal
}
