import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBooks } from './books-file.ts'
import { Books } from './books.ts'
import { LOST, type Mood, provider } from './provider.ts'

const calm: Mood = { slowMsMin: 0, slowMsMax: 0, failureShare: 0, lossShare: 0, centsMax: 1_000 }

const memory = (): Books => new Books([], () => undefined)

function charge(key: string | undefined, cents = 500, orderId = 'o1'): Request {
  return new Request('http://provider/charges', {
    method: 'POST',
    body: JSON.stringify({ orderId, cents }),
    headers: key === undefined ? {} : { 'idempotency-key': key },
  })
}

async function json(answer: Response | typeof LOST): Promise<unknown> {
  assert.notEqual(answer, LOST)
  return answer === LOST ? undefined : answer.json()
}

test('the same key is the same charge, quoted or bare, and each request is counted', async () => {
  const books = memory()
  const ask = provider(books, calm)

  const first = await json(await ask(charge('k1')))
  const again = await json(await ask(charge('"k1"')))

  assert.deepEqual(again, first)
  assert.deepEqual(
    books.list().map(({ key, requests, status }) => ({ key, requests, status })),
    [{ key: 'k1', requests: 2, status: 'charged' }],
  )
})

test('two requests with one key at the same moment charge once', async () => {
  const books = memory()
  const ask = provider(books, calm)

  const [left, right] = await Promise.all([ask(charge('k1')), ask(charge('k1'))])

  assert.deepEqual(await json(left), await json(right))
  assert.equal(books.list().length, 1)
})

test('without a key every request charges again, and the list shows it', async () => {
  const books = memory()
  const ask = provider(books, calm)

  await ask(charge(undefined))
  await ask(charge(undefined))

  const response = await ask(new Request('http://provider/charges'))
  assert.deepEqual(await json(response), { charges: books.list() })
  assert.deepEqual(
    books.list().map(({ orderId }) => orderId),
    ['o1', 'o1'],
  )
})

test('a lost answer has charged; the retry with the same key finds that charge', async () => {
  const books = memory()

  const lost = await provider(books, { ...calm, lossShare: 1 })(charge('k1'))
  const retried = await json(await provider(books, calm)(charge('k1')))

  assert.equal(lost, LOST)
  assert.deepEqual(retried, { chargeId: books.list()[0]?.chargeId })
  assert.equal(books.list().length, 1)
})

test('P3: a failure with 500 has charged nothing', async () => {
  const books = memory()

  const answer = await provider(books, { ...calm, failureShare: 1 })(charge('k1'))

  assert.equal(answer === LOST ? 0 : answer.status, 500)
  assert.deepEqual(books.list(), [])
})

test('an amount over the limit is declined by name, and stays declined', async () => {
  const ask = provider(memory(), calm)

  const answer = await ask(charge('k1', 1_001))
  const again = await ask(charge('k1', 1_001))

  assert.equal(answer === LOST ? 0 : answer.status, 402)
  const problem = await json(answer)
  assert.deepEqual(problem, {
    status: 402,
    title: 'declined',
    refusal: 'declined',
    data: { reason: '1001 cents are over the limit of 1000' },
  })
  assert.deepEqual(await json(again), problem)
})

test('P2: a key that comes back with another amount is refused and charges nothing', async () => {
  const books = memory()
  const ask = provider(books, calm)

  await ask(charge('k1', 500))
  const answer = await ask(charge('k1', 600))

  assert.equal(answer === LOST ? 0 : answer.status, 409)
  assert.deepEqual(
    books.list().map(({ cents }) => cents),
    [500],
  )
})

for (const body of [
  '',
  'no json',
  '[]',
  'null',
  '{"orderId":"o1"}',
  '{"orderId":"o1","cents":-1}',
]) {
  test(`the body '${body}' is refused with 400 and charges nothing`, async () => {
    const books = memory()
    const request = new Request('http://provider/charges', { method: 'POST', body })

    const answer = await provider(books, calm)(request)

    assert.equal(answer === LOST ? 0 : answer.status, 400)
    assert.deepEqual(books.list(), [])
  })
}

test('the books on disk survive their program, without the line that a crash cut off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provider-'))
  try {
    const file = join(folder, 'books', 'charges.jsonl')
    const before = openBooks(file)
    await provider(before, calm)(charge('k1'))
    appendFileSync(file, '{"key":"k2","charge":{"chargeId":"ch_tör')

    const after = openBooks(file)
    assert.deepEqual(after.list(), before.list())

    await provider(after, calm)(charge('k3'))
    assert.deepEqual(openBooks(file).list(), after.list())
    assert.equal(readFileSync(file, 'utf8').split('\n').length, 3)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
