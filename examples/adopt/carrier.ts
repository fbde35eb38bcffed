/**
 * The carrier: a stranger, who speaks what `parcels.openapi.json` describes, and has bad days.
 *
 * - `well`: answers.
 * - `silent`: takes the request and says nothing.
 * - `forgetful`: does what it is asked, and its first answer to each order is lost.
 * - `rubbish`: answers with success and a page of HTML.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

export type Mood = 'well' | 'silent' | 'forgetful' | 'rubbish'

/** A carrier that runs. What it did is open to whoever wants to see. */
export interface Carrier extends AsyncDisposable {
  readonly origin: string
  mood: Mood
  /** Parcels by order: more than one each is one too many. */
  readonly shipped: readonly string[]
  /** Requests that wait for an answer now, and the most that ever did. */
  readonly waiting: { now: number; most: number }
}

export async function startCarrier(port = 0): Promise<Carrier> {
  const state: { mood: Mood } = { mood: 'well' }
  const waiting = { now: 0, most: 0 }
  const shipped: string[] = []
  const byKey = new Map<string, string>()

  const ship = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { orderId }: { readonly orderId: string } = JSON.parse(await text(request))
    const key = request.headers['idempotency-key']?.toString() ?? `none-${shipped.length}`
    const known = byKey.get(key)
    const parcelId = known ?? `parcel-${shipped.length + 1}`
    if (known === undefined) shipped.push(orderId)
    byKey.set(key, parcelId)
    const isFirst = shipped.filter((each) => each === orderId).length === 1
    if (state.mood === 'forgetful' && known === undefined && isFirst) response.destroy()
    else json(response, 201, { parcelId, status: 'announced' })
  }

  const server = createServer((request, response) => {
    waiting.now += 1
    waiting.most = Math.max(waiting.most, waiting.now)
    response.once('close', () => (waiting.now -= 1))
    if (state.mood === 'silent') return
    if (state.mood === 'rubbish') {
      response.setHeader('content-type', 'text/html').end('<html>We will be back soon.</html>')
    } else if (request.method === 'POST') {
      ship(request, response).catch(() => response.destroy())
    } else json(response, 200, { cents: 490, days: 2 })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()

  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`,
    shipped,
    waiting,
    get mood() {
      return state.mood
    },
    set mood(mood) {
      state.mood = mood
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
