/**
 * `npm run papers`: prints each published experiment beside what our machines do in it.
 *
 * `-- --json` prints `[{ id, title, what, accepted, ours, published, ok }]`. Exit code 1 if a number is
 * outside of what is accepted.
 */
import { papers } from './all.ts'
import { acceptedText, isAccepted, type Line, short } from './paper.ts'

const results = papers.map(({ id, title, run }) => ({ id, title, lines: run() }))
if (process.argv.includes('--json')) printJson()
else printTables()
if (results.some(({ lines }) => !lines.every(isAccepted))) process.exitCode = 1

function printJson(): void {
  const rows = results.flatMap(({ id, title, lines }) =>
    lines.map((line) => ({
      id,
      title,
      what: line.what,
      accepted: acceptedText(line),
      ours: Number.isFinite(line.ours) ? line.ours : 'never',
      published: line.published,
      ok: isAccepted(line),
    })),
  )
  console.log(JSON.stringify(rows))
}

function printTables(): void {
  for (const { id, title, lines } of results) {
    console.log(`\n${id}  ${title}`)
    for (const line of lines) console.log(rowOf(line))
  }
}

function rowOf(line: Line): string {
  const ours = Number.isFinite(line.ours) ? short(line.ours) : 'never'
  const verdict = isAccepted(line) ? '✓' : '✗'
  return `  ${verdict} ${line.what.padEnd(52)} ${ours.padStart(8)}   accepted ${acceptedText(line).padEnd(14)} published ${line.published}`
}
