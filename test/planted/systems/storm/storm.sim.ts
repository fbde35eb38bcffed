/**
 * Two hundred questions in a few seconds, of which the one behind answers half.
 */
import type { ForeignProgram, Scenario } from 'holdfast/sim'
import { front } from './system.ts'

const QUESTIONS = 200

/** What the one behind was asked, by number of the attempt. Each world begins with nothing. */
let asked = { first: 0, again: 0 }

/** Fails every second time, and counts. */
const sick: ForeignProgram = (machine) => {
  asked = machine.kept('asked', () => ({ first: 0, again: 0 }))
  return {
    fetch: async (request) => {
      const isFirst = request.headers.get('holdfast-attempt') === '1'
      asked[isFirst ? 'first' : 'again'] += 1
      const isWell = (asked.first + asked.again) % 2 === 0
      return isWell ? Response.json(await numberIn(request)) : new Response('', { status: 503 })
    },
  }
}

async function numberIn(request: Request): Promise<unknown> {
  const text = request.method === 'GET' ? '' : await request.text()
  return text === '' ? { n: Number(new URL(request.url).searchParams.get('n')) } : JSON.parse(text)
}

export const scenario: Scenario = {
  faults: ['delay', 'loss'],
  foreign: { back: sick },
  load: async (w) => w.many(QUESTIONS, (n) => w.client(front).look.outcome({ n })),

  settled: {
    // A full jar pays for ten, ten successes for one more, ten seconds for another.
    'retries stay a small share of what is asked': () =>
      asked.again <= 12 + asked.first / 10 + QUESTIONS / 20,
  },
}
