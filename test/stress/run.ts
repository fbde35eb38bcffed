/**
 * `npm run stress -- events|backlog|snapshot`: the event edge on a real PostgreSQL until it breaks or is
 * believed. Prints one line of JSON; exit code 1 if a claim is refuted.
 *
 * `events`: nothing is lost, doubled or out of order. `--events N` (100,000), `--keys N` keys (200),
 * `--writers N` (32). `--calm` leaves out what hurts (pauses, failures, lost answers, restarts, open
 * transactions), to measure instead of to break.
 *
 * `backlog`: a backlog of `--events N` is worked off at 80 % of the rate of 50,000, or faster.
 *
 * `snapshot`: a transaction that is forgotten for `--minutes N` (10) makes the relay at most twice as
 * slow, is reported by name, and leaves nothing behind.
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startPostgres } from '../support/postgres-server.ts'
import { stressBacklog } from './backlog.ts'
import { stressEvents } from './events.ts'
import { stressSnapshot } from './snapshot.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '100000' },
    keys: { type: 'string', default: '200' },
    writers: { type: 'string', default: '32' },
    minutes: { type: 'string', default: '10' },
    calm: { type: 'boolean', default: false },
  },
})

const runs: Readonly<Record<string, (url: string) => Promise<boolean>>> = {
  events,
  backlog,
  snapshot,
}
const run = runs[positionals[0] ?? '']

if (run === undefined) {
  process.stderr.write(
    'usage: npm run stress -- events [--events N] [--keys N] [--writers N] [--calm]\n' +
      '       npm run stress -- backlog [--events N]\n' +
      '       npm run stress -- snapshot [--minutes N]\n',
  )
  process.exit(2)
}

const server = await startPostgres()
try {
  if (!(await run(server.url))) process.exitCode = 1
} finally {
  await server.stop()
}

/** True if every claim of `events.ts` held. */
async function events(url: string): Promise<boolean> {
  const harm = values.calm
    ? {
        pauseMsMax: 0,
        failShare: 0,
        savepoints: false,
        lostShare: 0,
        restartMs: 0,
        heldOpen: false,
      }
    : {
        pauseMsMax: 8,
        failShare: 0.05,
        savepoints: true,
        lostShare: 0.01,
        restartMs: 2_000,
        heldOpen: true,
      }
  const report = await stressEvents({
    ...harm,
    url,
    name: 'stress',
    events: Number(values.events),
    keys: Number(values.keys),
    writers: Number(values.writers),
  })
  print(report)
  return report.stuck + report.lost + report.twice + report.ghosts + report.inversions === 0
}

/** True if the long backlog was worked off nearly as fast as the short one. */
async function backlog(url: string): Promise<boolean> {
  setFlagsFromString('--expose-gc')
  // The function that the flag adds, which the types do not know.
  const collect = runInNewContext('gc') as () => void
  const report = await stressBacklog(url, Number(values.events), collect)
  print(report)
  return report.ratio >= 0.8
}

/** True if the relay was slowed down by no more than it may, said why, and recovered. */
async function snapshot(url: string): Promise<boolean> {
  const report = await stressSnapshot(url, Number(values.minutes))
  print(report)
  const hasRecovered = report.afterwards >= report.before / 2
  return report.slowdown <= 2 && hasRecovered && report.report.includes('forgotten')
}

function print(report: object): void {
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
