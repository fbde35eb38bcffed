import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { checkHistory, type HistoryFormat, readHistory } from './formats.ts'

function jepsen(...lines: readonly string[]): string {
  const tabbed = lines.map((each) =>
    each.replaceAll(' ', '\t').replace(/\[(\d)\t(\d)\]/, '[$1 $2]'),
  )
  return tabbed.map((each) => `INFO  jepsen.util - ${each}\n`).join('')
}

function line(fields: object): string {
  const good = { process: 'a', call: 2, return: 3, input: { f: 'read' }, output: 1 }
  return JSON.stringify({ ...good, ...fields })
}

function refusal(text: string, format: HistoryFormat): string {
  try {
    readHistory(text, format)
  } catch (error) {
    if (isHoldfastError(error, 'HF_HISTORY_INVALID')) return error.detail
    throw error
  }
  return 'nothing was refused'
}

test('a Jepsen log becomes operations whose moments are its lines', () => {
  const text = jepsen(
    '3 :invoke :write 4',
    '1 :invoke :read nil',
    '3 :ok :write 4',
    '1 :ok :read 4',
  )

  assert.deepEqual(readHistory(text, 'jepsen-register'), {
    model: 'register',
    history: [
      {
        process: '3',
        calledAt: 1,
        input: { f: 'write', value: 4 },
        answer: { at: 3, output: null },
      },
      { process: '1', calledAt: 2, input: { f: 'read' }, answer: { at: 4, output: 4 } },
    ],
  })
})

test('in a Jepsen log a failed swap is an answer, another failure nothing, a time-out unknown', () => {
  const text = jepsen(
    '1 :invoke :cas [1 2]',
    '1 :fail :cas [1 2]',
    '2 :invoke :read nil',
    '2 :fail :read :timed-out',
    '3 :invoke :write 3',
    '3 :info :write :timed-out',
    '4 :invoke :write 4',
  )

  assert.deepEqual(readHistory(text, 'jepsen-register').history, [
    {
      process: '1',
      calledAt: 1,
      input: { f: 'cas', expected: 1, value: 2 },
      answer: { at: 2, output: false },
    },
    { process: '3', calledAt: 5, input: { f: 'write', value: 3 } },
    { process: '4', calledAt: 7, input: { f: 'write', value: 4 } },
  ])
})

test('lines of other loggers and of the nemesis are skipped, a line that is cut off is not', () => {
  const good = jepsen('1 :invoke :read nil', '1 :ok :read nil')
  const foreign = 'INFO  jepsen.core - hello\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\n\n'

  assert.equal(readHistory(foreign + good, 'jepsen-register').history.length, 1)
  assert.match(
    refusal(`${good}INFO  jepsen.util - 1\t:inv`, 'jepsen-register'),
    /^line 3 is no event/,
  )
})

test('what a process cannot have done is refused with the line', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [jepsen('1 :ok :read nil'), /^line 1: process 1 is answered, but it asked nothing$/],
    [
      jepsen('1 :invoke :read nil', '1 :ok :write 1'),
      /^line 2: process 1 is answered 'write', but asked 'read' in line 1$/,
    ],
    [jepsen('1 :invoke :read nil', '1 :invoke :read nil'), /^line 2: process 1 asks again/],
    [jepsen('1 :invoke :write x'), /^line 1: 'x' is neither a whole number nor nil$/],
    [jepsen('1 :invoke :swap 1'), /^line 1: ':swap 1' is none of/],
  ]

  for (const [text, expected] of cases) assert.match(refusal(text, 'jepsen-register'), expected)
})

test('a key-value log becomes operations by key', () => {
  const text = [
    '{:process 9, :type :invoke, :f :append, :key "0", :value "a \\"b\\""}',
    '{:process 2, :type :invoke, :f :get, :key "0", :value nil}',
    '{:process 2, :type :ok, :f :get, :key "0", :value ""}',
  ].join('\n')

  assert.deepEqual(readHistory(text, 'kv'), {
    model: 'kv',
    history: [
      { process: '9', calledAt: 1, input: { f: 'append', key: '0', value: 'a "b"' } },
      { process: '2', calledAt: 2, input: { f: 'get', key: '0' }, answer: { at: 3, output: '' } },
    ],
  })
})

test('a key-value log that cannot be is refused with the line', () => {
  const ask = '{:process 2, :type :invoke, :f :get, :key "0", :value nil}\n'

  assert.match(refusal('{:process 2}', 'kv'), /^line 1 is no event/)
  assert.match(
    refusal(`${ask}{:process 2, :type :ok, :f :get, :key "1", :value ""}`, 'kv'),
    /^line 2: .* key '1', but asked for '0'$/,
  )
  assert.match(
    refusal(`${ask}{:process 2, :type :ok, :f :get, :key "0", :value nil}`, 'kv'),
    /^line 2: a get is answered by a text/,
  )
  assert.match(
    refusal('{:process 2, :type :invoke, :f :put, :key "0", :value nil}', 'kv'),
    /^line 1: put needs a text/,
  )
})

test('JSON lines become operations, and say which model they are of', () => {
  const registers = [
    '{"process":"a","call":0,"return":3,"input":{"f":"write","key":"x","value":1}}',
    '{"process":7,"call":1,"return":5,"input":{"f":"read","key":"x"},"output":1}',
    '{"process":"c","call":2,"return":null,"input":{"f":"cas","expected":null,"value":true}}',
  ].join('\n')
  const store = '{"process":"a","call":0.5,"return":3,"input":{"f":"get","key":"k"},"output":"v"}\n'

  assert.deepEqual(readHistory(registers, 'json'), {
    model: 'register',
    history: [
      {
        process: 'a',
        calledAt: 0,
        input: { f: 'write', key: 'x', value: 1 },
        answer: { at: 3, output: null },
      },
      { process: '7', calledAt: 1, input: { f: 'read', key: 'x' }, answer: { at: 5, output: 1 } },
      { process: 'c', calledAt: 2, input: { f: 'cas', expected: null, value: true } },
    ],
  })
  assert.deepEqual(readHistory(store, 'json'), {
    model: 'kv',
    history: [
      {
        process: 'a',
        calledAt: 0.5,
        input: { f: 'get', key: 'k' },
        answer: { at: 3, output: 'v' },
      },
    ],
  })
})

test('JSON that cannot be is refused with the line and the field', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"process"', 'line 1: the line is no JSON object'],
    [line({ input: 3 }), 'line 1: input is no JSON object'],
    [line({ call: '2' }), 'line 1: call is no number'],
    [line({ return: 1 }), 'line 1: returned at 1, before it was called at 2'],
    [
      line({ output: undefined }),
      'line 1: a read that returned has no output; write null for nothing',
    ],
    [line({ output: [1] }), 'line 1: output is no text, number, boolean or null'],
    [line({ input: { f: 'write' } }), 'line 1: input has no value'],
    [
      line({ input: { f: 'cas', expected: 1, value: 2 } }),
      'line 1: output of a cas is neither true nor false',
    ],
    [line({ input: { f: 'get' } }), 'line 1: key is no text'],
    [
      line({ input: { f: 'push' } }),
      'line 1: input.f is none of read, write, cas, get, put, append',
    ],
    [
      `${line({})}\n${line({ input: { f: 'get', key: 'k' }, output: '' })}`,
      'line 2: one history mixes read, write, cas with get, put, append',
    ],
  ]

  for (const [text, expected] of cases) assert.equal(refusal(text, 'json'), expected)
})

test('the same run is judged alike in JSON and as a log', () => {
  const log = jepsen(
    '1 :invoke :write 1',
    '1 :ok :write 1',
    '2 :invoke :read nil',
    '2 :ok :read nil',
  )
  const json = [
    '{"process":"1","call":1,"return":2,"input":{"f":"write","value":1}}',
    '{"process":"2","call":3,"return":4,"input":{"f":"read"},"output":null}',
  ].join('\n')

  assert.deepEqual(
    checkHistory(readHistory(log, 'jepsen-register')),
    checkHistory(readHistory(json, 'json')),
  )
})
