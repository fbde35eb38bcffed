/**
 * Programs that cannot be simulated, through the command line: each is told in one sentence with the
 * place, with an exit code and without a stack.
 *
 * One process runs all of them, one after another, since each would have to start a database.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Bad {
  /** What stands above the server, and in its handler. */
  readonly top?: string
  readonly body?: string
  /** What stands above the scenario, and beside its load. */
  readonly outside?: string
  readonly checks?: string
  /** What is told, and with which exit code. */
  readonly told: RegExp
  readonly exit: number
}

/** By the name of the file. The one that ends the process comes last. */
const BAD: Readonly<Record<string, Bad>> = {
  socket: {
    top: `import net from 'node:net'`,
    body: `net.connect(1)`,
    told: /socket#1 stays in the simulated world.* opened a real socket .*at \S+\/socket\.ts:4/,
    exit: 1,
  },
  thread: {
    top: `import { Worker } from 'node:worker_threads'`,
    body: `new Worker('1', { eval: true })`,
    told: /started a real thread at \S+\/thread\.ts:4/,
    exit: 1,
  },
  file: {
    top: `import fs from 'node:fs'`,
    body: `fs.writeFileSync('/tmp/never', '')`,
    told: /wrote a real file at \S+\/file\.ts:4/,
    exit: 1,
  },
  timer: {
    outside: `Reflect.set(globalThis, 'kept', setTimeout)`,
    body: `(globalThis as any).kept(() => {}, 1)`,
    told: /started a real timer \(kept from before the simulation\) .*at \S+\/timer\.ts:4/,
    exit: 1,
  },
  addon: {
    body: `process.dlopen({ exports: {} }, '/nowhere/fast.node')`,
    told: /loaded the native addon fast\.node at \S+\/addon\.ts:4/,
    exit: 1,
  },
  hangs: {
    body: `await new Promise(() => {})`,
    told: /hangs has not answered GET \/work of client/,
    exit: 1,
  },
  throws: {
    checks: `always: { 'all is well': () => { const rows = undefined as any; return rows.length === 0 } },`,
    told: /all is well.*TypeError: Cannot read properties of undefined.*\/throws\.sim\.ts:5/,
    exit: 1,
  },
  fails: {
    top: `throw new TypeError('no configuration')`,
    told: /fails is down: exited: TypeError: no configuration \(\S+\/fails\.ts:2\)/,
    exit: 1,
  },
  loops: {
    body: `for (;;) {}`,
    told: /HF_SIM_STALLED.*loops#1 has run for 4 s of CPU time without awaiting anything at \S+\/loops\.ts:4 \(seed 1\)/,
    exit: 1,
  },
}

/** A loop that nobody names would go on for ever. */
const TIMEOUT_MS = 600_000

const PROGRAM = fileURLToPath(new URL('bad-input/run-all.ts', import.meta.url))

suite('bad input', () => {
  let folder = ''
  let told = ''
  let exit: unknown

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-bad-'))
    const names = Object.keys(BAD)
    await Promise.all(names.map(async (name) => write(folder, name)))
    await writeFile(join(folder, 'lonely.ts'), '')
    ;({ told, exit } = await run(
      folder,
      ['lonely', ...names].map((name) => `${name}.ts`),
    ))
  })

  after(async () => rm(folder, { recursive: true }))

  for (const [name, { told: sentence, exit: code }] of Object.entries(BAD)) {
    test(`what is wrong with ${name}.ts is told in a sentence with its place`, () => {
      const mine = partOf(told, name)

      assert.match(mine, sentence)
      assert.doesNotMatch(mine, /^\s+at /m, 'no stack')
      assert.equal(name === 'loops' ? exit : exitIn(mine), code)
    })
  }

  test('a program without a scenario is told what to write, ready to be copied', () => {
    const mine = partOf(told, 'lonely')

    assert.match(mine, /there is no lonely\.sim\.ts/)
    assert.match(mine, /entry: new URL\('\.\/lonely\.ts', import\.meta\.url\)/)
    assert.equal(exitIn(mine), 2)
  })
})

async function write(folder: string, name: string): Promise<void> {
  const { top = '', body = '', outside = '', checks = '' } = BAD[name] ?? {}
  const program = `import http from 'node:http'
${top}
http.createServer(async (request, response) => {
  ${body}
  response.end('ok')
}).listen(3000)`
  const scenario = `${outside}
export const scenario = {
  services: { ${name}: { entry: new URL('${name}.ts', import.meta.url) } },
  load: (w: any) => w.many(2, () => w.request('${name}', { path: '/work', deadline: '1s' })),
  ${checks}
}`
  await writeFile(join(folder, `${name}.ts`), program)
  await writeFile(join(folder, `${name}.sim.ts`), scenario)
}

async function run(
  cwd: string,
  files: readonly string[],
): Promise<{ told: string; exit: unknown }> {
  const flags = ['--conditions=holdfast-src', PROGRAM, ...files]
  return new Promise((resolve) => {
    execFile(process.execPath, flags, { cwd, timeout: TIMEOUT_MS }, (error, stdout, stderr) =>
      resolve({ told: `${stdout}${stderr}`, exit: error?.code ?? 0 }),
    )
  })
}

/** What was told of one program. */
function partOf(told: string, name: string): string {
  return told.split(/^== /m).find((part) => part.startsWith(`${name}.ts`)) ?? ''
}

function exitIn(part: string): number {
  return Number(/^exit (\d+)$/m.exec(part)?.[1])
}
