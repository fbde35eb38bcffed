/**
 * What we rely on about the payment provider. It is not ours: this describes the HTTP that it speaks.
 */
import { command, contract } from 'holdfast'
import { z } from 'zod'

export const provider = contract('provider', {
  charge: command({
    input: z.object({ orderId: z.uuid(), cents: z.int().positive() }),
    output: z.object({ chargeId: z.string() }),
    refuses: { declined: z.object({ reason: z.string().max(200) }) },
    key: (charge) => charge.orderId,
    http: { route: 'POST /charges' },
  }),
})
