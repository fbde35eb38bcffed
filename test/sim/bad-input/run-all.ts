/**
 * `holdfast sim FILE --seeds 1` for each file in turn, in one process.
 */
import { basename } from 'node:path'
import { reportFailure } from '../../../src/cli/output.ts'
import { sim } from '../../../src/cli/sim.ts'

// One stream, so that what is told stays in its order.
process.stderr.write = process.stdout.write.bind(process.stdout)

for (const file of process.argv.slice(2)) {
  process.stdout.write(`== ${basename(file)}\n`)
  process.exitCode = 0
  try {
    // oxlint-disable-next-line no-await-in-loop -- one after another: they share the databases.
    await sim(file, { seeds: '1', first: '1', workers: '1', mode: 'random' })
  } catch (error) {
    reportFailure(error, false)
  }
  process.stdout.write(`exit ${process.exitCode}\n`)
}
