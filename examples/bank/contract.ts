/**
 * What others may rely on about the bank: a transfer happens once per id, or is refused.
 */
import { command, contract, query } from 'holdfast'
import { z } from 'zod'

const account = z.enum(['ada', 'ben', 'cleo'])

export const Transfer = z.object({
  id: z.string().min(1).max(40),
  source: account,
  target: account,
  cents: z.int().positive(),
})

export const bank = contract('bank', {
  transfer: command({
    input: Transfer,
    output: z.object({ id: z.string() }),
    refuses: { tooPoor: z.object({ source: account }) },
    key: (transfer) => transfer.id,
    http: { route: 'POST /transfers' },
  }),

  balance: query({
    input: z.object({ account }),
    output: z.object({ cents: z.int() }),
    http: { route: 'GET /accounts/:account' },
  }),
})
