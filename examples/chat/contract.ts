/**
 * What others may rely on about a site of the chat: people write and read there, and it tells the other
 * sites what was written.
 */
import { command, contract, event, query } from 'holdfast'
import { z } from 'zod'

const Written = z.object({
  id: z.string().min(1).max(40),
  author: z.string().min(1).max(40),
  words: z.string().min(1).max(2_000),
  /** The message that it answers; the author has read it at this site. */
  answers: z.string().max(40).nullable(),
})

/** Later than every message that its site knew when it was written. */
const Message = z.object({ ...Written.shape, stamp: z.int().positive() })

const site = {
  write: command({
    input: Written,
    output: z.object({ stamp: z.int() }),
    refuses: { unknownMessage: z.object({ answers: z.string() }) },
    key: (message) => message.id,
    http: { route: 'POST /messages' },
  }),

  /** The latest hundred, oldest first. */
  read: query({
    input: z.object({}),
    output: z.object({ messages: z.array(Message) }),
    http: { route: 'GET /messages' },
  }),

  written: event({ payload: Message, key: (message) => message.author }),
}

export type Message = z.infer<typeof Message>

export const berlin = contract('berlin', site)
export const lima = contract('lima', site)
export const tokyo = contract('tokyo', site)
