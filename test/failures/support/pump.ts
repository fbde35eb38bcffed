/**
 * Orders that tells by hand and in order: one queue, and the next line only after the last was packed.
 */
import type { ForeignProgram } from 'holdfast/sim'
import { pause, tell } from './shop.ts'

/** Between two tries of the same line, in ms. */
const RETRY_MS = 500

/** Accepts lines into a queue on its disk, and pumps them to the warehouse, the oldest first. */
export const ordersInOneQueue: ForeignProgram = (machine) => {
  const lines = machine.kept('lines', () => new Set<string>())
  const queue = machine.kept('queue', (): string[] => [])
  void pump(queue)
  return {
    fetch: async (request) => {
      const line = await request.text()
      if (!lines.has(line)) queue.push(line)
      lines.add(line)
      return Response.json({})
    },
  }
}

async function pump(queue: string[]): Promise<never> {
  for (;;) {
    const [oldest] = queue
    // oxlint-disable-next-line no-await-in-loop -- in order: that is the point of this program.
    if (oldest !== undefined && (await tell(oldest))) queue.shift()
    // oxlint-disable-next-line no-await-in-loop -- as above.
    else await pause(RETRY_MS)
  }
}
