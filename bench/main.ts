/**
 * `npm run bench -- NAME … [--json] [--save] [--rounds N] [--runs N]`: measures, and says what it found.
 *
 * `all`, or no name, means every bench. With `--json` the last line of the output is one object for the
 * last bench that was named. With `--save` the results go to `bench/results` and `docs/performance.md` is
 * written anew. With `--runs` each bench is run so often, and it is said how far its ratios agree.
 */
import { parseArgs } from 'node:util'
import type { Bench } from './method/bench.ts'
import { agreementOf } from './method/agree.ts'
import { lineOf } from './method/line.ts'
import { save } from './method/result.ts'
import { report, type Report } from './method/report.ts'
import { Noise } from './method/noise.ts'
import { inRounds, ROUNDS_DEFAULT, type Watching } from './method/rounds.ts'
import { textOf } from './method/text.ts'
import { benches } from './benches.ts'

const ROUNDS_MAX = 101
const RUNS_MAX = 10

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    runs: { type: 'string', default: '1' },
  },
})

const isAll = positionals.length === 0 || positionals.includes('all')
const named = isAll ? [...benches.keys()] : positionals
const unknown = named.filter((name) => !benches.has(name))
const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
const runs = Number(values.runs)

if (unknown.length > 0) {
  fail(`no bench is called ${unknown.join(', ')}; there are ${[...benches.keys()].join(', ')}`)
} else if (rounds !== undefined && !isCount(rounds, ROUNDS_MAX)) {
  fail(`--rounds must be a whole number from 1 to ${ROUNDS_MAX}, not '${rounds}'`)
} else if (!isCount(runs, RUNS_MAX)) {
  fail(`--runs must be a whole number from 1 to ${RUNS_MAX}, not '${values.runs}'`)
} else {
  let last: Report | undefined
  for (const name of named) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- two benches at once would measure each other.
      last = await repeated(name)
      // At once: what took minutes is not lost where a later bench fails.
      if (values.save) console.error(`wrote ${save(last).join(', ')}`)
    } catch (error) {
      console.error(error)
      process.exitCode = 1
    }
  }
  if (values.json) console.log(JSON.stringify(last && lineOf(last)))
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max
}

/** The last of the runs, with how far all of them agree. */
async function repeated(name: string): Promise<Report> {
  const reports: Report[] = []
  for (let run = 0; run < runs; run += 1) {
    // oxlint-disable-next-line no-await-in-loop -- as above.
    reports.push(await measured(await benches.get(name)?.()))
  }
  const [last] = reports.slice(-1)
  if (last === undefined) throw new Error('there is at least one run')
  if (runs === 1) return last
  const agreement = agreementOf(reports)
  console.log(
    `${name}: ${runs} runs, apart by ${(agreement.worstShare * 100).toFixed(0)} % at most (${agreement.worst})\n`,
  )
  return { ...last, agreement }
}

async function measured(bench: Bench | undefined): Promise<Report> {
  if (bench === undefined) throw new Error('a name that was looked up has a bench')
  const count = rounds ?? bench.rounds ?? ROUNDS_DEFAULT
  const found = report(bench, count, await inRounds(bench, count, watching()))
  console.log(textOf(found))
  return found
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 2
}

function watching(): Watching {
  return { noise: new Noise(), say: (line) => console.error(line) }
}
