/**
 * `npm run bench:check [-- NAME …] [--against FILE] [--rounds N]`: has Holdfast become slower?
 *
 * Measures anew and compares with the last committed result, or with a file, by ratios only. Exits
 * with 1 if something is worse, with 2 if there is nothing to compare with.
 */
import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import type { Bench } from './method/bench.ts'
import { regressions } from './method/compare.ts'
import { lastCommitted, readResult, type Result } from './method/result.ts'
import { report, type Report } from './method/report.ts'
import { Noise } from './method/noise.ts'
import { inRounds, ROUNDS_DEFAULT, type Watching } from './method/rounds.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' }, rounds: { type: 'string' } },
})

const before = values.against === undefined ? lastCommitted() : readResult(values.against)
if (before === undefined) {
  console.error('no result is committed yet: `npm run bench -- --save`, commit, and check again')
  process.exitCode = 2
} else {
  process.exitCode = await check(
    before,
    values.rounds === undefined ? undefined : Number(values.rounds),
  )
}

async function check({ commit, reports }: Result, rounds: number | undefined): Promise<number> {
  const known = reports.map(({ bench }) => bench)
  const named =
    positionals.length === 0 ? known : positionals.filter((name) => known.includes(name))
  const now: Report[] = []
  for (const name of named) {
    // oxlint-disable-next-line no-await-in-loop -- two benches at once would measure each other.
    const bench = await benches.get(name)?.()
    if (bench === undefined) continue
    // oxlint-disable-next-line no-await-in-loop -- as above.
    now.push(await measured(bench, rounds ?? bench.rounds ?? ROUNDS_DEFAULT))
  }
  const found = regressions(reports, now)
  for (const line of found) console.log(`worse  ${line}`)
  if (now.length === 0) console.log(`commit ${commit} has no result of ${positionals.join(', ')}`)
  else if (found.length === 0) console.log(`no ratio is worse than at commit ${commit}`)
  return now.length === 0 ? 2 : found.length === 0 ? 0 : 1
}

async function measured(bench: Bench, rounds: number): Promise<Report> {
  return report(bench, rounds, await inRounds(bench, rounds, watching()))
}

function watching(): Watching {
  return { noise: new Noise(), say: (line) => console.error(line) }
}
