/**
 * Goal: what is executed has its effect once, or none, and its answer is always the same. Method: the
 * real handlers and their SQL, through `server.handle`, on both engines.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines, pglite, postgres } from '../../../test/support/databases.ts'
import { audit } from '../../../test/support/payments.ts'
import { authorize, charge, paid, paymentsShop } from '../../../test/support/payments-shop.ts'
import type { Served } from '../../../test/support/served.ts'

for (const engine of engines) {
  test(`${engine.name}: a repeated command has one effect, and its replay is the same to the byte`, async () => {
    const shop = await paymentsShop(engine)

    const first = await shop.send(authorize)
    const second = await shop.send(authorize)

    assert.deepEqual([first.status, first.json], [201, { authId: 'a1' }])
    assert.deepEqual([second.status, second.text], [first.status, first.text])
    assert.equal(first.headers['idempotency-replayed'], undefined)
    assert.equal(second.headers['idempotency-replayed'], 'true')
    assert.equal(await shop.number('select count(*) from charge'), 1)
    const replays = shop.facts.map((each) => each.fact === 'served' && each.replayed)
    assert.deepEqual(replays, [false, true])
  })

  test(`${engine.name}: a refusal undoes what was written, and is itself kept and replayed`, async () => {
    const shop = await paymentsShop(engine)
    const greedy = { path: '/payments/authorize', body: { orderId: 'o1', cents: 100_001 } }

    const first = await shop.send(greedy)
    const second = await shop.send(greedy)

    assert.equal(first.status, 422)
    assert.equal(first.headers['content-type'], 'application/problem+json')
    assert.deepEqual(
      [first.json['refusal'], first.json['data'], first.json['effect']],
      ['declined', { reason: 'over the limit' }, 'none'],
    )
    assert.deepEqual([second.status, second.text], [422, first.text])
    assert.equal(await shop.number('select count(*) from charge'), 0)
    assert.equal(await shop.number('select count(*) from hf.inbox'), 1)
  })

  test(`${engine.name}: a handler that throws leaves nothing behind, and the same key may try again`, async () => {
    let isBroken = true
    const authorized = async (): Promise<void> => {
      if (isBroken) throw new Error('secret: select * from cards')
    }
    const shop = await paymentsShop(engine, { authorized })

    const first = await shop.send(authorize)
    const left = await shop.number('select count(*) from hf.inbox')
    isBroken = false
    const second = await shop.send(authorize)

    assert.deepEqual(
      [first.status, first.json['code'], first.json['effect']],
      [500, 'HF_HANDLER_FAILED', 'none'],
    )
    assert.doesNotMatch(first.text, /secret|select|\.ts/)
    assert.equal(left, 0)
    assert.deepEqual([second.status, second.headers['idempotency-replayed']], [201, undefined])
    assert.equal(await shop.number('select count(*) from charge'), 1)
    const failed = shop.facts.find((each) => each.fact === 'failed')
    assert.match(
      String(failed?.fact === 'failed' && failed.error instanceof Error && failed.error.cause),
      /secret/,
    )
    assert.equal(failed?.traceId, first.json['traceId'])
  })

  test(`${engine.name}: a statement that fails shows the caller no SQL and no parameter`, async () => {
    const shop = await paymentsShop(engine)

    const answer = await shop.send({
      path: '/payments/authorize',
      body: { orderId: 'mine', cents: 7654321 },
    })

    assert.deepEqual([answer.status, answer.json['code']], [500, 'HF_DB_STATEMENT_FAILED'])
    assert.doesNotMatch(answer.text, /charge|cents|7654321|insert|mine/)
  })

  test(`${engine.name}: a query cannot write, and answers by its own route`, async () => {
    const shop = await paymentsShop(engine)
    await shop.send(authorize)

    const answer = await shop.send({ method: 'GET', path: '/accounts/o1' })

    assert.deepEqual([answer.status, answer.json], [200, { cents: 500 }])
  })
}

test('postgres: of fifty concurrent duplicates one is executed, and 49 get the same bytes', async () => {
  const shop = await paymentsShop(postgres)

  const answers = await Promise.all(Array.from({ length: 50 }, () => shop.send(authorize)))

  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
  assert.equal(
    answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length,
    49,
  )
  assert.equal(await shop.number('select count(*) from charge'), 1)
})

test('postgres: a duplicate that comes while the first works waits for it, and gets its bytes', async () => {
  const { promise: isWritten, resolve: written } = Promise.withResolvers<void>()
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  let runs = 0
  const authorized = async (): Promise<void> => {
    runs += 1
    written()
    await mayEnd
  }
  const shop = await paymentsShop(postgres, { authorized })
  const waiting = `select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`

  const first = shop.send(authorize)
  await isWritten
  const second = shop.send(authorize)
  // oxlint-disable-next-line no-await-in-loop -- until the second stands at the row of the first.
  while ((await shop.number(waiting)) === 0) continue
  end()
  const answers = await Promise.all([first, second])

  assert.deepEqual(
    answers.map(({ status, text, headers }) => [status, text, headers['idempotency-replayed']]),
    [
      [201, answers[0].text, undefined],
      [201, answers[0].text, 'true'],
    ],
  )
  assert.equal(runs, 1)
})

test('postgres: a duplicate that waits for the first executes when the first is rolled back', async () => {
  let runs = 0
  const authorized = async (): Promise<void> => {
    runs += 1
    if (runs === 1) throw new Error('the first one breaks')
  }
  const shop = await paymentsShop(postgres, { authorized })

  const answers = await Promise.all(Array.from({ length: 5 }, () => shop.send(authorize)))

  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((left, right) => left - right),
    [201, 201, 201, 201, 500],
  )
  assert.equal(await shop.number('select count(*) from charge'), 1)
})

test('postgres: a duplicate that cannot wait any longer is told that the key is busy', async () => {
  const { promise: isWritten, resolve: written } = Promise.withResolvers<void>()
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const authorized = async (): Promise<void> => {
    written()
    await mayEnd
  }
  const shop = await paymentsShop(postgres, { authorized })
  const first = shop.send(authorize)
  await isWritten

  const second = await shop.send({ ...authorize, headers: { 'holdfast-deadline-ms': '300' } })
  end()

  assert.deepEqual([second.status, second.json['code']], [409, 'HF_KEY_BUSY'])
  assert.equal(second.headers['retry-after'], '1')
  assert.equal((await first).status, 201)
})

test('a command without a key runs each time', async () => {
  const shop = await paymentsShop()
  const ping = { path: '/payments/ping', body: {} }

  assert.deepEqual((await shop.send(ping)).json, { count: 1 })
  assert.deepEqual((await shop.send(ping)).json, { count: 2 })
  assert.equal(await shop.number('select count(*) from hf.inbox'), 0)
})

test('the key of one caller is not the key of another', async () => {
  const shop = await paymentsShop()
  const send = (caller: string): ReturnType<Served['send']> =>
    shop.send(paid('"k1"', { 'holdfast-caller': caller }))

  assert.deepEqual((await send('orders')).json, { count: 1 })
  assert.deepEqual((await send('web')).json, { count: 2 })
  assert.deepEqual((await send('orders')).json, { count: 1 })
})

test('a quoted key and a bare key are the same key', async () => {
  const shop = await paymentsShop()
  const send = (key: string): ReturnType<Served['send']> => shop.send(paid(key))

  assert.equal((await send('"k1"')).headers['idempotency-replayed'], undefined)
  assert.equal((await send('k1')).headers['idempotency-replayed'], 'true')
})

test('a key that was used with another input is refused by name, and nothing is answered silently', async () => {
  const shop = await paymentsShop()
  await shop.send(authorize)

  const other = await shop.send({ ...authorize, body: { ...charge, cents: 501 } })

  assert.deepEqual(
    [other.status, other.json['code'], other.json['effect']],
    [422, 'HF_KEY_REUSED', 'none'],
  )
  assert.equal(await shop.number('select sum(cents) from charge'), 500)
})

test('the same input with its fields in another order is the same input', async () => {
  const shop = await paymentsShop()
  await shop.send(authorize)

  const again = await shop.send({ ...authorize, body: '{"cents":500, "orderId":"o1"}' })

  assert.equal(again.headers['idempotency-replayed'], 'true')
})

test('an answer that breaks the contract is not sent, and its effect is rolled back', async () => {
  const shop = await paymentsShop(pglite, { pong: () => ({ count: 'many' }) })

  const answer = await shop.send({ path: '/payments/ping', body: {} })

  assert.deepEqual([answer.status, answer.json['code']], [500, 'HF_HANDLER_FAILED'])
  assert.equal(await shop.number('select count(*) from ping'), 0)
})

test('what only looks like a refusal is an answer, and what the schema does not name is not sent', async () => {
  const shop = await paymentsShop(pglite, {
    pong: () => ({ '~refusal': 'declined', data: {}, count: 4, password: 'x' }),
  })

  const answer = await shop.send({ path: '/payments/ping', body: {} })

  assert.deepEqual([answer.status, answer.json], [200, { count: 4 }])
})

test('`ask` is skipped where the key was answered before', async () => {
  let asked = 0
  const shop = await paymentsShop(pglite, { beforePay: async () => (asked += 1) })

  await shop.send(paid('k1'))
  await shop.send(paid('k1'))

  assert.equal(asked, 1)
})

test('what a neighbour says about itself is not said in the name of this service', async () => {
  let isCommand = false
  const shop = await paymentsShop(pglite, {
    beforePay: async (call) => {
      if (isCommand) await call(audit.note, { orderId: 'o1' })
      await call(audit.check, { orderId: 'o1' })
    },
  })
  await shop.network.listen({ host: 'audits', port: 1 }, async ({ path }) => ({
    status: path === '/audits/note' ? 200 : 400,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(
      path === '/audits/note' ? 'null' : '{"code":"HF_INPUT_INVALID","effect":"none"}',
    ),
  }))

  const asked = await shop.send(paid('k1'))
  isCommand = true
  const commanded = await shop.send(paid('k2'))

  assert.deepEqual(
    [asked.status, asked.json['code'], asked.json['effect']],
    [500, 'HF_HANDLER_FAILED', 'none'],
  )
  assert.deepEqual(
    [commanded.json['code'], commanded.json['effect']],
    ['HF_HANDLER_FAILED', 'unknown'],
  )
  assert.equal(await shop.number('select count(*) from charge'), 0)
})

test('a neighbour that is away makes this call unsent, to be tried again', async () => {
  const shop = await paymentsShop(pglite, {
    beforePay: (call) => call(audit.check, { orderId: 'o1' }),
  })

  const answer = await shop.send(paid('k1'))

  assert.deepEqual(
    [answer.status, answer.json['code'], answer.json['effect']],
    [503, 'HF_CALL_NOT_SENT', 'none'],
  )
})
