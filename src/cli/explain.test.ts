/**
 * Goal: what a user of the command sees, and with which code it ends.
 * Method: the command runs in a process of its own, because it sets the exit code of its process.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const market = fileURLToPath(new URL('../../examples/market', import.meta.url))
const command = new URL('./explain.ts', import.meta.url).href
const output = new URL('./output.ts', import.meta.url).href
const script = `
  import { explainEdge } from '${command}'
  import { reportFailure } from '${output}'
  const [name, folder, options] = process.argv.slice(1)
  const failed = (error) => reportFailure(error, false)
  await explainEdge(name, folder, JSON.parse(options)).catch(failed)`

function explained(
  name: string,
  options: object = {},
): { code: number | null; text: string; errors: string } {
  const flags = ['--conditions=holdfast-src', '--input-type=module', '-e', script]
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--', name, market, JSON.stringify(options)],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  return { code: status, text: stdout, errors: stderr }
}

test('an edge is explained with every number and who chose it', () => {
  const { code, text } = explained('payments>provider')

  assert.equal(code, 0)
  assert.match(text, /^payments>provider\.charge$/m)
  assert.match(text, /deadlineMs +2000 +declared for the edge, \S*payments\/service\.ts:\d+$/m)
  assert.match(text, /attemptsMax +3 +declared for the operation/)
  assert.match(text, /breaker\.callsMin +20 +default/)
  assert.match(text, /^provider is foreign$/m)
  assert.doesNotMatch(text, /admission/)
})

test('for programs it is one object', () => {
  const { code, text } = explained('payments>provider.charge', { json: true })

  const { edges }: { readonly edges: readonly { readonly edge: string }[] } = JSON.parse(text)
  assert.equal(code, 0)
  assert.deepEqual(
    edges.map(({ edge }) => edge),
    ['payments>provider.charge'],
  )
})

test('an edge that does not exist is a wrong command line, and those that exist are named', () => {
  const { code, errors } = explained('orders>provider')

  assert.equal(code, 2)
  assert.match(errors, /no call edge 'orders>provider'/)
  assert.match(errors, /Its call edges are: payments>provider\./)
})
