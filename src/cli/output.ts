/**
 * What the command line prints, and with which exit code it ends.
 *
 * A failure is code, cause, place and way out. A stack trace is printed only for a bug of Holdfast.
 */
import { writeFile } from 'node:fs/promises'
import { styleText } from 'node:util'
import { type Code, HoldfastError, isHoldfastError } from '#errors'

/** A stream to print to. */
type Stream = NodeJS.WriteStream

type Style = Parameters<typeof styleText>[0]

/** Text in a colour, where the stream is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string, stream: Stream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true })
}

/** Prints a line. */
export function print(text: string, stream: Stream = process.stdout): void {
  stream.write(`${text}\n`)
}

/** Prints a value as one line of JSON. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}

/** Writes a file that the user named. @throws HF_USAGE (effect none) if it cannot be written. */
export async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be written`,
      fix: 'Name a file in a folder that exists and that you may write to.',
      cause,
    })
  }
}

const USAGE: ReadonlySet<Code> = new Set([
  'HF_USAGE',
  'HF_SYSTEM_NOT_FOUND',
  'HF_DECLARATION_INVALID',
])

/** The user's code is bad, which is an answer. */
const BAD: ReadonlySet<Code> = new Set(['HF_SIM_STALLED'])

/**
 * Prints why a command failed, and sets the exit code: 2 for a wrong call, 3 for the environment; 1 if
 * the failure is what was looked for.
 */
export function reportFailure(error: unknown, asJson: boolean): void {
  process.exitCode = exitCodeOf(error)
  if (asJson) printJson(failureOf(error))
  else print(describe(error), process.stderr)
}

function exitCodeOf(error: unknown): number {
  if (!isHoldfastError(error)) return 3
  if (BAD.has(error.code)) return 1
  return USAGE.has(error.code) ? 2 : 3
}

function failureOf(error: unknown): object {
  if (!isHoldfastError(error)) return { error: { code: undefined, message: String(error) } }
  const { code, message, effect, fix, particulars } = error
  return { error: { code, message, effect, fix, particulars } }
}

function describe(error: unknown): string {
  const mark = paint('red', '✗', process.stderr)
  if (isHoldfastError(error)) {
    const cause = error.cause instanceof Error ? [`  cause  ${firstLine(error.cause.message)}`] : []
    return [`${mark} ${error.code}  ${error.message}`, ...cause, `  fix    ${error.fix}`].join('\n')
  }
  const [title, ...frames] = (
    error instanceof Error ? (error.stack ?? error.message) : String(error)
  ).split('\n')
  return [`${mark} ${title ?? ''}`, ...frames].join('\n')
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
