/**
 * The shop in Hono. On Node it is served by whatever speaks `fetch`, such as `@hono/node-server`.
 */
import { Hono } from 'hono'
import { answerOf } from './answer.ts'
import type { Shipping } from './shipping.ts'

export function honoShop(shipping: Shipping): Hono {
  const app = new Hono()

  app.get('/shipping/:postcode', async (context) => {
    const { signal } = context.req.raw
    const grams = Number(context.req.query('grams'))
    const { status, body } = await answerOf(
      shipping.price(context.req.param('postcode'), grams, signal),
    )
    return Response.json(body, { status })
  })

  app.post('/orders/:orderId/parcel', async (context) => {
    const shipment = { ...(await context.req.json()), orderId: context.req.param('orderId') }
    const { status, body } = await answerOf(shipping.ship(shipment, context.req.raw.signal))
    return Response.json(body, { status })
  })

  return app
}
