/**
 * Goal: what is wrong is named, with its place and a way out, and never with a stack. Method: the
 * program itself, on folders each of which has one thing wrong with it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-map-command-')))
after(() => rmSync(root, { recursive: true }))
mkdirSync(join(root, 'node_modules'))
symlinkSync(process.cwd(), join(root, 'node_modules/holdfast'))
symlinkSync(realpathSync('node_modules/zod'), join(root, 'node_modules/zod'))
writeFileSync(join(root, 'package.json'), '{ "type": "module" }')

const main = join(process.cwd(), 'src/cli/main.ts')

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

function holdfast(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=holdfast-src', main, ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  assert.doesNotMatch(stdout + stderr, /^\s+at .*:\d+:\d+\)?$/m, 'no stack trace is shown')
  return { code: status, out: stdout, errors: stderr }
}

/** A folder with a system of the contracts a, b and c, and of these services. */
function folder(name: string, services: string): string {
  mkdirSync(join(root, name), { recursive: true })
  writeFileSync(
    join(root, name, 'system.ts'),
    `import { after, contract, edge, query, service, sql, system } from 'holdfast'
     import { z } from 'zod'
     const one = z.object({})
     const ask = (of: string) =>
       contract(of, { ask: query({ input: one, output: one, http: { route: \`GET /\${of}\` } }) })
     const [a, b, c] = ['a', 'b', 'c'].map(ask)
     const db = (of: string) => sql({ migrations: new URL(of, 'file:///') })
     const calls = (...to: object[]) => ({
       uses: to.map((each) => edge(each, { deadline: '1s' })),
       handle: { ask: after(async () => {}, () => ({})) },
     })
     export const shop = system('shop', { services: [${services}] })`,
  )
  return name
}

const chain = `service(a, db('a'), calls(b)), service(b, db('b'), calls(c)), service(c, db('c'), calls())`

test('a chain within its limits is drawn, and the exit code says so', () => {
  const { code, out } = holdfast('map', folder('chain', chain), '--max-depth', '2')

  assert.equal(code, 0)
  assert.match(out, /a +==ask==> +b +1 s over 3 attempts/)
})

test('a limit that is broken is told with the path at fault', () => {
  const { code, errors } = holdfast(
    'map',
    folder('chain', chain),
    '--max-amplification=3',
    '--max-latency=500ms',
    '--max-depth=1',
    '--require-availability=99.9',
  )

  assert.equal(code, 1)
  assert.match(errors, /amplification {2}a\.ask: one request becomes 9, at most 3 may be: a\.ask >/)
  assert.match(errors, /latency {2}a\.ask: it may wait 1 s, at most 500 ms is allowed: a\.ask >/)
  assert.match(errors, /depth {2}a\.ask: it is 2 calls deep, at most 1 is allowed: a\.ask > b\.ask/)
  assert.match(errors, /availability {2}a\.ask: it is available 99\.40 %/)
})

test('a cycle is named with its way around', () => {
  const loop = `service(a, db('a'), calls(b)), service(b, db('b'), calls(a))`
  const { code, out } = holdfast('map', folder('loop', loop))

  assert.equal(code, 1)
  assert.match(out, /error cycle {2}a\.ask > b\.ask > a\.ask: each can wait for itself/)
})

test('an edge to a contract that is not in the system is named, and nothing is drawn', () => {
  const { code, out, errors } = holdfast('map', folder('lost', `service(a, db('a'), calls(b))`))

  assert.deepEqual([code, out], [2, ''])
  assert.match(errors, /HF_DECLARATION_INVALID .*'a' .*'b'/)
  assert.match(errors, /fix/)
})

test('two services that own one database are named', () => {
  const shared = `service(a, db('main'), calls()), service(b, db('main'), calls())`
  const { code, out } = holdfast('map', folder('shared', shared))

  assert.equal(code, 1)
  assert.match(out, /error shared-store {2}db\(a\+b\): a and b declare one database/)
})

test('a trace file that is cut off is named with its line; so is one that is no trace', () => {
  writeFileSync(join(root, 'cut.json'), '{"resourceSpans":[]}\n{"resourceSpans":[{"scope')
  const { code, out, errors } = holdfast('map', '--from-otlp', 'cut.json', '--svg', 'seen.svg')

  assert.deepEqual([code, out], [3, ''])
  assert.match(errors, /HF_TRACES_INVALID .*cut\.json, line 2: .*cut off/)
  const logs = holdfast('map', folder('chain', chain), '--observed', 'cut.json')
  assert.equal(logs.code, 2)
  assert.match(logs.errors, /cut\.json has 2 lines and none of them is a fact/)
})

test('a ghost in the log of a running system is drawn, and exits with 1', () => {
  const fact = { fact: 'called', edge: 'c>a.ask', ended: 'done', attempts: 1, tookMs: 5 }
  // The last line was torn by a crash.
  writeFileSync(join(root, 'c.jsonl'), `${JSON.stringify(fact)}\n{"fact":"cal`)
  const { code, out } = holdfast('map', folder('chain', chain), '--observed', 'c.jsonl')

  assert.equal(code, 1)
  assert.match(out, /c +\.\.ask\.\.> +a +GHOST: declared nowhere; seen: p50 5 ms/)
  assert.match(out, /error ghost {2}c>a\.ask was taken 1 time and is declared nowhere/)
})

test('a team, a number and a capacity that are none are refused by name', () => {
  const at = folder('chain', chain)
  const wrong = [
    [['--svg', 'map.svg', '--team', 'sales'], /shop has no team 'sales'/],
    [['--rate', 'often'], /--rate must be a number/],
    [['--capacity', '90'], /--capacity 90 names no service/],
    [['--rate', '1', '--capacity', 'd=90'], /'d' is no service of it/],
  ] as const

  for (const [options, says] of wrong) {
    const { code, errors } = holdfast('map', at, ...options)
    assert.deepEqual([code, says.test(errors)], [2, true], errors)
  }
})
