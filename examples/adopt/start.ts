/**
 * The carrier on 4000, and the shop in each framework over the arrow, on 4001 to 4003; by hand on 4011
 * to 4013. Every ten seconds the carrier has another mood.
 */
import { shippingByHand } from './by-hand.ts'
import { startCarrier } from './carrier.ts'
import { shippingOverAnEdge } from './over-an-edge.ts'
import { frameworks } from './serve.ts'

const MOODS = ['well', 'silent', 'forgetful', 'rubbish'] as const

const carrier = await startCarrier(4000)
for (const [index, [name, serve]] of Object.entries(frameworks).entries()) {
  // oxlint-disable-next-line no-await-in-loop -- one line after the other.
  const over = await serve(shippingOverAnEdge(carrier.origin), 4001 + index)
  // oxlint-disable-next-line no-await-in-loop -- one line after the other.
  const byHand = await serve(shippingByHand(carrier.origin), 4011 + index)
  console.log(`${name.padEnd(8)} over the arrow ${over.origin}   by hand ${byHand.origin}`)
}

let turn = 0
setInterval(() => {
  turn += 1
  carrier.mood = MOODS[turn % MOODS.length] ?? 'well'
  console.log(`the carrier is ${carrier.mood}; ${carrier.shipped.length} parcels so far`)
}, 10_000)
