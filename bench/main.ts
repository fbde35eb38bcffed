/**
 * `npm run bench -- NAME … [--json] [--save] [--rounds N]`: measures, and says what it found.
 *
 * With `--json` the last line of the output is one object for the last bench that was named. With
 * `--save` the results go to `bench/results` and `docs/performance.md` is written anew.
 */
import { parseArgs } from 'node:util'
import type { Bench } from './method/bench.ts'
import { save } from './method/result.ts'
import { report, type Report } from './method/report.ts'
import { Noise } from './method/noise.ts'
import { inRounds, type Watching } from './method/rounds.ts'
import { textOf } from './method/text.ts'
import { benches } from './benches.ts'

/** Fewer rounds have no median worth the name. */
const ROUNDS_DEFAULT = 5
const ROUNDS_MAX = 101

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    rounds: { type: 'string', default: String(ROUNDS_DEFAULT) },
  },
})

const named = positionals.length === 0 ? [...benches.keys()] : positionals
const unknown = named.filter((name) => !benches.has(name))
const rounds = Number(values.rounds)

if (unknown.length > 0) {
  fail(`no bench is called ${unknown.join(', ')}; there are ${[...benches.keys()].join(', ')}`)
} else if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
  fail(`--rounds must be a whole number from 1 to ${ROUNDS_MAX}, not '${values.rounds}'`)
} else {
  let last: Report | undefined
  for (const name of named) {
    // oxlint-disable-next-line no-await-in-loop -- two benches at once would measure each other.
    last = await measured(await benches.get(name)?.())
    // At once: what took minutes is not lost where a later bench fails.
    if (values.save) console.error(`wrote ${save(last).join(', ')}`)
  }
  if (values.json) console.log(JSON.stringify(last))
}

async function measured(bench: Bench | undefined): Promise<Report> {
  if (bench === undefined) throw new Error('a name that was looked up has a bench')
  const found = report(bench, rounds, await inRounds(bench, rounds, watching()))
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
