/**
 * `holdfast check`: judges the history of a run, ours or anybody's.
 *
 * Exit codes: 0 the history is good, 1 it is bad, 2 a bound was hit before anybody could know; 3 the
 * file cannot be read or is no history.
 */
import { readFile } from 'node:fs/promises'
import {
  checkHistory,
  describeCounterexample,
  historyFormats,
  type HistoryFormat,
  type Limits,
  type Linearizability,
  readHistory,
} from '#check'
import { HoldfastError } from '#errors'
import { paint, print, printJson } from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface CheckOptions {
  readonly format: string
  readonly json?: boolean
  readonly steps?: string
  readonly megabytes?: string
}

/** Exits with 0 if the history is linearizable, with 1 if it is not, with 2 if a bound was hit. */
export async function checkLinearizability(file: string, options: CheckOptions): Promise<void> {
  const format = formatNamed(options.format)
  const limits = limitsOf(options)
  const result = checkHistory(readHistory(await textOf(file), format), limits)
  process.exitCode = { linearizable: 0, 'not linearizable': 1, unknown: 2 }[result.verdict]
  if (options.json) printJson(result)
  else report(result)
}

function report(result: Linearizability): void {
  const { verdict, operations, steps } = result
  const colour = { linearizable: 'green', 'not linearizable': 'red', unknown: 'yellow' } as const
  print(
    `${paint(colour[verdict], verdict)}  ${paint('dim', `${operations} operations, ${steps} steps`)}`,
  )
  if (verdict === 'not linearizable')
    for (const line of describeCounterexample(result.part)) print(`  ${line}`)
  if (verdict === 'unknown') {
    print(`  ${result.reason}`)
    print(`  raise it with ${result.bound === 'steps' ? '--steps' : '--megabytes'}`)
  }
}

function formatNamed(name: string): HistoryFormat {
  const format = historyFormats.find((each) => each === name)
  if (format !== undefined) return format
  throw new HoldfastError('HF_USAGE', {
    detail: `--format must be one of ${historyFormats.join(', ')}, not '${name}'`,
  })
}

function limitsOf({ steps, megabytes }: CheckOptions): Limits {
  return {
    ...(steps === undefined ? {} : { stepsMax: wholeNumber('--steps', steps, 1e12) }),
    ...(megabytes === undefined
      ? {}
      : { bytesMax: wholeNumber('--megabytes', megabytes, 65_536) * 1_024 * 1_024 }),
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new HoldfastError('HF_HISTORY_INVALID', {
      detail: `${file} cannot be read`,
      fix: 'Name a file that exists and that you may read.',
      cause,
    })
  }
}
