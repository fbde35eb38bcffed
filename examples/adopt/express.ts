/**
 * The shop in Express.
 */
import express from 'express'
import { answerOf } from './answer.ts'
import type { Shipping } from './shipping.ts'

export function expressShop(shipping: Shipping): express.Express {
  const app = express()
  app.use(express.json())

  app.get('/shipping/:postcode', async (request, response) => {
    const { postcode } = request.params
    const price = shipping.price(postcode, Number(request.query['grams']), left(response))
    const { status, body } = await answerOf(price)
    response.status(status).json(body)
  })

  app.post('/orders/:orderId/parcel', async (request, response) => {
    const shipment = { ...request.body, orderId: request.params.orderId }
    const { status, body } = await answerOf(shipping.ship(shipment, left(response)))
    response.status(status).json(body)
  })

  return app
}

/** Aborts when the customer has left before the answer. */
function left(response: express.Response): AbortSignal {
  const leaving = new AbortController()
  response.once('close', () => leaving.abort(new Error('the customer left')))
  return leaving.signal
}
