/**
 * What may be relied on about a till: each of its operations is easy to get wrong in one way.
 */
import { command, contract, event } from 'holdfast'
import { z } from 'zod'

const Deposit = z.object({
  id: z.string(),
  account: z.enum(['ada', 'ben']),
  cents: z.int().positive(),
})

export const till = contract('till', {
  deposit: command({
    input: Deposit,
    output: z.object({ id: z.string(), number: z.int() }),
    key: (deposit) => deposit.id,
  }),

  /** Books first and looks then: what it wrote before it refused must be undone. */
  withdraw: command({
    input: Deposit,
    output: z.object({ id: z.string() }),
    refuses: { tooPoor: z.object({}) },
    key: (withdrawal) => withdrawal.id,
  }),

  /** Without a key, so nobody may repeat it of whom it is not known that it did nothing. */
  tick: command({ input: z.object({}), http: { route: 'POST /tick' } }),

  deposited: event({
    payload: z.object({ account: z.string(), number: z.int() }),
    key: (deposit) => deposit.account,
  }),
})

export const audit = contract('audit', {})
