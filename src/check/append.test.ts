import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '#errors'
import type { IsolationLevel } from './anomaly.ts'
import { checkListAppend } from './append.ts'
import type { Item, ListOperation, Transaction } from './transaction.ts'

type Short = readonly ['append', string, Item] | readonly ['read', string, readonly Item[]]

/** A transaction that runs while all others do, unless `more` says when. */
function txn(
  id: string,
  operations: readonly Short[],
  more: Partial<Transaction> = {},
): Transaction {
  return {
    id,
    process: id,
    startedAt: 0,
    endedAt: 100,
    outcome: 'committed',
    operations: operations.map(([f, key, value]): ListOperation =>
      f === 'append' ? { f, key, value } : { f, key, values: value },
    ),
    ...more,
  }
}

function kindsOf(history: readonly Transaction[], level?: IsolationLevel): readonly string[] {
  const { anomalies } = checkListAppend(history, level === undefined ? {} : { level })
  return [...new Set(anomalies.map(({ kind }) => kind))]
}

test('transactions that can stand in a row are isolated', () => {
  const history = [
    txn('t1', [['append', 'x', 1]]),
    txn('t2', [
      ['read', 'x', [1]],
      ['append', 'x', 2],
    ]),
    txn('t3', [['read', 'x', [1, 2]]]),
  ]

  assert.deepEqual(checkListAppend(history), { verdict: 'isolated', anomalies: [], more: 0 })
})

test('G1a: a read of what an aborted transaction wrote is found', () => {
  const history = [
    txn('t1', [['append', 'x', 1]], { outcome: 'aborted' }),
    txn('t2', [['read', 'x', [1]]]),
  ]

  const { anomalies } = checkListAppend(history, { level: 'read-committed' })

  assert.deepEqual(anomalies, [
    { kind: 'G1a', words: 't2 read 1 in x, but t1 had aborted', transactions: ['t2', 't1'] },
  ])
})

test('A3: what was read from a transaction of unknown outcome proves that it committed', () => {
  const unknown = txn('t1', [['append', 'x', 1]], { outcome: 'unknown' })

  assert.deepEqual(kindsOf([unknown, txn('t2', [['read', 'x', [1]]])]), [])
  assert.deepEqual(kindsOf([unknown, txn('t2', [['read', 'x', []]])]), [])
})

test('G1b: a read between two appends of one transaction is found', () => {
  const history = [
    txn('t1', [
      ['append', 'x', 1],
      ['append', 'x', 2],
    ]),
    txn('t2', [['read', 'x', [1]]]),
  ]

  assert.ok(kindsOf(history, 'read-committed').includes('G1b'))
})

test('a value that nobody wrote, one that stands twice and two orders are found', () => {
  const append = txn('t1', [['append', 'x', 1]])
  const other = txn('t2', [['append', 'x', 2]])

  assert.deepEqual(kindsOf([txn('t2', [['read', 'x', [9]]])]), ['garbage-read'])
  assert.deepEqual(kindsOf([append, txn('t2', [['read', 'x', [1, 1]]])]), ['duplicate-item'])
  assert.deepEqual(
    kindsOf(
      [append, other, txn('t3', [['read', 'x', [1, 2]]]), txn('t4', [['read', 'x', [2, 1]]])],
      'read-committed',
    ),
    ['incompatible-order'],
  )
})

test('a transaction that does not see its own append contradicts itself', () => {
  const blind = txn('t1', [
    ['append', 'x', 1],
    ['read', 'x', []],
  ])
  const torn = txn('t1', [
    ['read', 'x', []],
    ['append', 'x', 1],
    ['read', 'x', [2, 1]],
  ])
  const other = txn('t2', [['append', 'x', 2]])

  assert.ok(kindsOf([blind], 'snapshot-isolation').includes('internal'))
  assert.ok(kindsOf([torn, other], 'snapshot-isolation').includes('internal'))
  assert.ok(!kindsOf([torn, other], 'read-committed').includes('internal'))
})

test('G0: two transactions that wrote in opposite orders are found', () => {
  const history = [
    txn('t1', [
      ['append', 'x', 1],
      ['append', 'y', 1],
    ]),
    txn('t2', [
      ['append', 'x', 2],
      ['append', 'y', 2],
    ]),
    txn('t3', [
      ['read', 'x', [1, 2]],
      ['read', 'y', [2, 1]],
    ]),
  ]

  const found = checkListAppend(history, { level: 'read-committed' }).anomalies

  assert.deepEqual(found, [
    {
      kind: 'G0',
      words:
        'write cycle: t2 appended 2 to x behind what t1 appended; ' +
        't1 appended 1 to y behind what t2 appended; so t1 would come before itself',
      transactions: ['t1', 't2'],
    },
  ])
})

test('G1c: two transactions that read each other are found', () => {
  const history = [
    txn('t1', [
      ['append', 'x', 1],
      ['read', 'y', [2]],
    ]),
    txn('t2', [
      ['append', 'y', 2],
      ['read', 'x', [1]],
    ]),
  ]

  assert.deepEqual(kindsOf(history, 'read-committed'), ['G1c'])
})

const lostUpdate = [
  txn('t1', [
    ['read', 'x', []],
    ['append', 'x', 1],
  ]),
  txn('t2', [
    ['read', 'x', []],
    ['append', 'x', 2],
  ]),
  txn('t3', [['read', 'x', [1, 2]]]),
]
const writeSkew = [
  txn('t1', [
    ['read', 'x', []],
    ['append', 'y', 1],
  ]),
  txn('t2', [
    ['read', 'y', []],
    ['append', 'x', 2],
  ]),
  txn('t3', [
    ['read', 'x', [2]],
    ['read', 'y', [1]],
  ]),
]

test('G-single: a lost update is allowed at read committed and found above', () => {
  assert.deepEqual(kindsOf(lostUpdate, 'read-committed'), [])
  assert.deepEqual(kindsOf(lostUpdate, 'snapshot-isolation'), ['G-single'])
})

test('G2: write skew is allowed by snapshot isolation and found when serializable is claimed', () => {
  assert.deepEqual(kindsOf(writeSkew, 'snapshot-isolation'), [])
  assert.deepEqual(kindsOf(writeSkew, 'serializable'), ['G2'])
})

test('an acknowledged append that later reads do not show is a violation in real time', () => {
  const history = [
    txn('t1', [['append', 'x', 1]], { startedAt: 0, endedAt: 1 }),
    txn('t2', [['append', 'x', 2]], { startedAt: 2, endedAt: 3 }),
    txn('t3', [['read', 'x', [1]]], { startedAt: 4, endedAt: 5 }),
  ]

  assert.deepEqual(kindsOf(history, 'strong-session-serializable'), [])
  assert.deepEqual(kindsOf(history, 'strict-serializable'), ['realtime'])
})

test('of several transactions that ended before, each must be seen', () => {
  const history = [
    txn('t1', [['append', 'x', 1]], { startedAt: 0, endedAt: 3 }),
    txn('t2', [['append', 'y', 2]], { startedAt: 1, endedAt: 4 }),
    txn('t3', [['read', 'x', []]], { startedAt: 5, endedAt: 6 }),
    txn('t4', [['read', 'x', [1]]], { startedAt: 7, endedAt: 8 }),
  ]

  assert.deepEqual(kindsOf(history), ['realtime'])
})

test('a process that does not see what it did before is a violation of its session', () => {
  const history = [
    txn('t1', [['append', 'x', 1]], { process: 'p', startedAt: 0, endedAt: 1 }),
    txn('t2', [['read', 'x', []]], { process: 'p', startedAt: 2, endedAt: 3 }),
    txn('t3', [['read', 'x', [1]]], { startedAt: 4, endedAt: 5 }),
  ]

  assert.deepEqual(kindsOf(history, 'serializable'), [])
  assert.deepEqual(kindsOf(history, 'strong-session-serializable'), ['session'])
})

test('a value that is appended twice is no history for this check', () => {
  const history = [txn('t1', [['append', 'x', 1]]), txn('t2', [['append', 'x', 1]])]

  assert.throws(
    () => checkListAppend(history),
    (error) =>
      isHoldfastError(error, 'HF_HISTORY_INVALID') && /1 .*x .*t1 .*t2/.test(error.message),
  )
})

test('of the cycles in one component the shortest is shown', () => {
  const chain = Array.from({ length: 30 }, (_, i) =>
    txn(`c${i}`, [
      ['read', `k${i}`, [i]],
      ['append', `k${(i + 1) % 30}`, (i + 1) % 30],
      ...(i === 0 ? [['read', 'w', ['b']] as const] : []),
    ]),
  )
  const short = [
    txn('a', [
      ['read', 'k3', [3]],
      ['append', 'z', 'a'],
      ['read', 'w', ['b']],
    ]),
    txn('b', [
      ['read', 'z', ['a']],
      ['append', 'w', 'b'],
    ]),
  ]

  const found = checkListAppend([...chain, ...short], { level: 'read-committed' }).anomalies

  assert.deepEqual(
    found.map(({ transactions }) => transactions.toSorted()),
    [['a', 'b']],
  )
})

test('ten thousand transactions of a serial run are judged, and one that is torn is found', () => {
  const lists = Array.from({ length: 50 }, (): Item[] => [])
  const history = Array.from({ length: 10_000 }, (_, i) => {
    const [own, other] = [i % 50, (i * 7 + 3) % 50]
    const seen = [...(lists[other] ?? [])]
    lists[own]?.push(i)
    const operations: Short[] = [
      ['read', `k${other}`, seen],
      ['append', `k${own}`, i],
    ]
    return txn(`t${i}`, own === other ? operations.slice(1) : operations, {
      startedAt: 2 * i,
      endedAt: 2 * i + 1,
    })
  })

  assert.equal(checkListAppend(history).verdict, 'isolated')
  const torn = txn('torn', [['read', 'k3', []]], { startedAt: 30_000, endedAt: 30_001 })
  assert.deepEqual(kindsOf([...history, torn]), ['realtime'])
})

// A store without any isolation: transactions take turns, operation by operation, as `turns` says,
// and a read may miss the last `lag` items.

const operationPlan = fc.record({
  isAppend: fc.boolean(),
  key: fc.constantFrom('x', 'y'),
  lag: fc.constantFrom(0, 0, 0, 0, 1, 2),
})
const plans = fc.array(fc.array(operationPlan, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
})
const run = fc.record({ plans, turns: fc.array(fc.nat({ max: 3 }), { maxLength: 24 }) })

type Run = typeof run extends fc.Arbitrary<infer Value> ? Value : never

function dirtyRun({ plans: all, turns }: Run): readonly Transaction[] {
  const store = new Map<string, Item[]>([
    ['x', []],
    ['y', []],
  ])
  let [now, unique] = [0, 0]
  const running = all.map((left, index) => ({
    index,
    left: [...left],
    done: [] as Short[],
    from: -1,
    to: -1,
  }))
  const step = (each: (typeof running)[number] | undefined): void => {
    const next = each?.left.shift()
    if (each === undefined || next === undefined) return
    const list = store.get(next.key) ?? []
    if (each.from < 0) each.from = now
    if (next.isAppend) each.done.push(['append', next.key, ++unique])
    else each.done.push(['read', next.key, list.slice(0, Math.max(0, list.length - next.lag))])
    if (next.isAppend) list.push(unique)
    each.to = ++now
  }
  for (const turn of turns) step(running[turn])
  for (const each of running) while (each.left.length > 0) step(each)
  const last = txn(
    'last',
    [...store].map(([key, list]) => ['read', key, list] as const),
    {
      startedAt: now + 1,
      endedAt: now + 2,
    },
  )
  return [
    ...running.map(({ index, done, from, to }) =>
      txn(`t${index}`, done, { startedAt: from, endedAt: to }),
    ),
    last,
  ]
}

/** Tries every serial order, that of real time included if asked for. */
function hasSerialOrder(history: readonly Transaction[], isStrict: boolean): boolean {
  const extend = (
    store: ReadonlyMap<string, readonly Item[]>,
    left: readonly Transaction[],
  ): boolean =>
    left.length === 0 ||
    left.some((next) => {
      const others = left.filter((each) => each !== next)
      if (isStrict && others.some(({ endedAt = Infinity }) => endedAt < next.startedAt))
        return false
      const after = new Map(store)
      for (const each of next.operations) {
        const list = after.get(each.key) ?? []
        if (each.f === 'append') after.set(each.key, [...list, each.value])
        else if (JSON.stringify(each.values) !== JSON.stringify(list)) return false
      }
      return extend(after, others)
    })
  return extend(new Map(), history)
}

for (const level of ['serializable', 'strict-serializable'] as const)
  test(`A1: where all was read at the end, ${level} is judged as by trying every order`, () => {
    const seen = new Set<boolean>()
    fc.assert(
      fc.property(run, (planned) => {
        const history = dirtyRun(planned)
        const isSerial = hasSerialOrder(history, level === 'strict-serializable')
        seen.add(isSerial)
        assert.equal(checkListAppend(history, { level }).verdict === 'isolated', isSerial)
      }),
      { numRuns: 1_500 },
    )
    assert.equal(seen.size, 2)
  })
