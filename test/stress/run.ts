/**
 * `npm run stress -- events`: the event edge on a real PostgreSQL until it breaks or is believed.
 *
 * `--events N` events (100,000), `--keys N` keys (200), `--writers N` (32). `--calm` leaves out what hurts (pauses,
 * failures, lost answers, restarts, open transactions), to measure instead of to break. Prints one
 * line of JSON; exit code 1 if a claim of `events.ts` is refuted.
 */
import { parseArgs } from 'node:util'
import { startPostgres } from '../support/postgres-server.ts'
import { stressEvents } from './events.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '100000' },
    keys: { type: 'string', default: '200' },
    writers: { type: 'string', default: '32' },
    calm: { type: 'boolean', default: false },
  },
})

if (positionals[0] !== 'events') {
  process.stderr.write(
    'usage: npm run stress -- events [--events N] [--keys N] [--writers N] [--calm]\n',
  )
  process.exit(2)
}

const harm = values.calm
  ? { pauseMsMax: 0, failShare: 0, savepoints: false, lostShare: 0, restartMs: 0, heldOpen: false }
  : {
      pauseMsMax: 8,
      failShare: 0.05,
      savepoints: true,
      lostShare: 0.01,
      restartMs: 2_000,
      heldOpen: true,
    }

const server = await startPostgres()
try {
  const report = await stressEvents({
    ...harm,
    url: server.url,
    name: 'stress',
    events: Number(values.events),
    keys: Number(values.keys),
    writers: Number(values.writers),
  })
  process.stdout.write(`${JSON.stringify(report)}\n`)
  if (report.stuck + report.lost + report.twice + report.ghosts + report.inversions > 0)
    process.exitCode = 1
} finally {
  await server.stop()
}
