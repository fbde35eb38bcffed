/**
 * The command line as a user runs it, without holding up the test process meanwhile.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'

/** How a command ended, and what it said. */
export interface Ended {
  readonly code: number | string | null | undefined
  readonly out: string
  readonly errors: string
}

/** Runs `holdfast` from the sources. A stack trace in what it says is a failure of the test. */
export async function commandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const ended = await new Promise<Ended>((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=holdfast-src', 'src/cli/main.ts', ...args],
      { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', ...environment } },
      (error, out, errors) => resolve({ code: error === null ? 0 : error.code, out, errors }),
    )
  })
  assert.doesNotMatch(ended.out + ended.errors, /^\s+at .*:\d+:\d+\)?$/m, 'no stack trace is shown')
  return ended
}
