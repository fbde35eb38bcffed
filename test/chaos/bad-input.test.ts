/**
 * What happens when a person makes a mistake, on the real command line and over real HTTP.
 *
 * Goal: each mistake gets a clear error that names the limit and the way out, nothing is lost, and the
 * process lives where it can. Never a stack trace.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { holdfast, Market, marketFolder } from './market-process.ts'

/** A mistake prints code and way out, and no frame of a stack. */
function assertClear(text: string, ...parts: readonly (string | RegExp)[]): void {
  for (const part of parts) assert.match(text, typeof part === 'string' ? new RegExp(part) : part)
  assert.doesNotMatch(text, /^\s+at .*:\d+:\d+/m)
}

suite('over HTTP', () => {
  let market: Market

  before(async () => {
    market = await Market.open()
    market.start()
    await market.ready()
  })
  after(async () => market.close())

  const order = { sku: 'apple', quantity: 2 }
  const json = { 'content-type': 'application/json' }
  let keys = 0
  const post = async (
    body: string,
    headers: Readonly<Record<string, string>> = {
      ...json,
      'idempotency-key': `bad-${(keys += 1)}`,
    },
    path = '/orders',
  ): Promise<{ readonly status: number; readonly type: string | null; readonly text: string }> => {
    const response = await fetch(new URL(path, market.origin), { method: 'POST', headers, body })
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    }
  }

  const mistakes: readonly [
    name: string,
    status: number,
    code: RegExp,
    send: () => ReturnType<typeof post>,
  ][] = [
    ['malformed JSON', 400, /HF_REQUEST_MALFORMED/, async () => post('{"sku":')],
    ['an empty body', 400, /HF_/, async () => post('')],
    [
      '10 MB',
      413,
      /HF_BODY_TOO_LARGE/,
      async () => post(JSON.stringify({ sku: 'a'.repeat(10_000_000) })),
    ],
    [
      '1,000-deep JSON',
      400,
      /HF_REQUEST_MALFORMED|HF_INPUT_INVALID/,
      async () => post('['.repeat(1_000) + ']'.repeat(1_000)),
    ],
    [
      'wrong types',
      400,
      /HF_INPUT_INVALID.*quantity/s,
      async () => post('{"sku":"apple","quantity":"two"}'),
    ],
    ['a missing key', 400, /HF_KEY_MISSING/, async () => post(JSON.stringify(order), json)],
    ['an unknown operation', 404, /HF_OPERATION_UNKNOWN/, async () => post('{}', json, '/nothing')],
    [
      'a text body',
      400,
      /HF_REQUEST_MALFORMED/,
      async () => post('hello', { 'content-type': 'text/plain', 'idempotency-key': 'text' }),
    ],
  ]
  for (const [name, status, code, send] of mistakes) {
    test(`${name} is answered with a problem document, and the market lives`, async () => {
      const answer = await send()
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.type, 'application/problem+json')
      assertClear(answer.text, code)
      assert.equal((await fetch(new URL('/livez', market.origin))).status, 200)
    })
  }

  test('a key that is used again with another input is refused by name, and the first order stands', async () => {
    const headers = { ...json, 'idempotency-key': 'reused' }
    const first = await post(JSON.stringify(order), headers)
    const other = await post(JSON.stringify({ ...order, quantity: 3 }), headers)
    const again = await post(JSON.stringify(order), headers)

    assert.equal(first.status, 202)
    assert.equal(other.status, 422)
    assertClear(other.text, 'HF_KEY_REUSED')
    assert.equal(again.text, first.text, 'replayed byte for byte')
  })

  test('a wrong method is told the right one', async () => {
    const response = await fetch(new URL('/orders', market.origin), { method: 'DELETE' })
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), 'POST')
  })
})

suite('on the command line', () => {
  let directory: string
  before(async () => (directory = await mkdtemp(join(tmpdir(), 'holdfast-bad-'))))
  after(async () => rm(directory, { recursive: true, force: true }))

  const environment = (): Record<string, string> => ({
    HOLDFAST_DIR: join(directory, 'data'),
    PORT: '0',
  })

  test('an unknown command or option says so and exits with 2', async () => {
    for (const args of [['fly'], ['dev', '--fast'], ['sim', marketFolder, '--seeds', 'many']]) {
      const { code, stderr } = await holdfast(args)
      assert.equal(code, 2, stderr)
      assertClear(stderr, /fly|--fast|--seeds/)
    }
  })

  test('a folder without a system is named', async () => {
    const { code, stderr } = await holdfast(['dev', directory])
    assert.equal(code, 2)
    assertClear(stderr, 'HF_SYSTEM_NOT_FOUND', 'system.ts')
  })

  test('every wrong variable is named at once, and no password is shown', async () => {
    const wrong = {
      ...environment(),
      PORT: 'eighty',
      DATABASE_URL: 'mysql://me:geheim@localhost/x',
    }
    const { code, stderr } = await holdfast(['dev', marketFolder], wrong)
    assert.equal(code, 3)
    assertClear(stderr, 'HF_CONFIG_INVALID', 'PORT', 'DATABASE_URL')
    assert.doesNotMatch(stderr, /geheim/)
  })

  test('a database that cannot be reached is named without its password', async () => {
    const unreachable = { ...environment(), DATABASE_URL: 'postgres://me:geheim@127.0.0.1:1/shop' }
    const { code, stderr } = await holdfast(['migrate', marketFolder], unreachable)
    assert.equal(code, 3)
    assertClear(stderr, 'HF_DB_UNREACHABLE', /127\.0\.0\.1:1/)
    assert.doesNotMatch(stderr, /geheim/)
  })

  test('a taken port is named, and nothing is left running', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    const address = blocker.address()
    assert.ok(typeof address === 'object' && address !== null)
    const { code, stderr } = await holdfast(['dev', marketFolder], {
      ...environment(),
      PORT: String(address.port),
    })
    blocker.close()
    assert.equal(code, 3)
    assertClear(stderr, 'HF_PORT_IN_USE', String(address.port))
  })

  test('a migration that was changed after it was applied is refused by name, and its data stays', async () => {
    const copy = join(directory, 'market')
    await cp(marketFolder, copy, { recursive: true })
    const repository = fileURLToPath(new URL('../../', import.meta.url))
    await linkPackage(copy, repository)
    const first = await holdfast(['migrate', copy, '--json'], environment())
    assert.equal(first.code, 0, first.stderr)

    const file = join(copy, 'orders/migrations/0001_orders.sql')
    await writeFile(file, `${await readFile(file, 'utf8')}\n-- a thought that came later`)
    const second = await holdfast(['migrate', copy], environment())

    assert.equal(second.code, 3)
    assertClear(second.stderr, 'HF_MIGRATION_CHANGED', '0001_orders')
  })
})

/** Makes `import 'holdfast'` work in a copy, as an installed package would. */
async function linkPackage(copy: string, repository: string): Promise<void> {
  const { mkdir, symlink } = await import('node:fs/promises')
  await mkdir(join(copy, 'node_modules'))
  await symlink(repository, join(copy, 'node_modules/holdfast'))
  for (const name of ['kysely', 'zod']) {
    await symlink(join(repository, 'node_modules', name), join(copy, 'node_modules', name))
  }
  await writeFile(join(copy, 'package.json'), '{ "type": "module" }')
}
