/**
 * Goal: what `map --diff` and `contracts --diff` say about a change, and that they leave no trace.
 * Method: a repository with one system and one commit is changed on disk; the commands run in a process
 * of their own, because they set the exit code of their process.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-diff-')))
const folder = join(root, 'shop')
after(() => rmSync(root, { recursive: true }))

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    encoding: 'utf8',
  })

const plan = { deadline: '1s', input: 'id: z.string()', refuses: '' }

/** Orders call payments; the contract of payments lies in a package of the repository itself. */
function write({ deadline, input, refuses }: typeof plan): void {
  writeFileSync(
    join(root, 'packages/payments/index.js'),
    `import { command, contract } from 'holdfast'
     import { z } from 'zod'
     export const payments = contract('payments', {
       charge: command({ input: z.object({ ${input} }), key: (i) => i.id, refuses: { ${refuses} } }),
     })`,
  )
  writeFileSync(
    join(folder, 'system.ts'),
    `import { contract, edge, service, sql, system } from 'holdfast'
     import { payments } from '@shop/payments'
     const db = (name: string) => sql({ migrations: new URL(name, 'file:///') })
     const pay = edge(payments, { deadline: '${deadline}' })
     export const shop = system('shop', { services: [
       service(contract('orders', {}), db('orders'), { uses: [pay], handle: {} }),
       service(payments, db('payments'), { handle: { charge: () => undefined } }),
     ] })`,
  )
}

for (const each of ['shop', 'packages/payments', 'node_modules/@shop'])
  mkdirSync(join(root, each), { recursive: true })
symlinkSync(process.cwd(), join(root, 'node_modules/holdfast'))
symlinkSync(realpathSync('node_modules/zod'), join(root, 'node_modules/zod'))
symlinkSync(join(root, 'packages/payments'), join(root, 'node_modules/@shop/payments'))
const manifest = '{ "name": "@shop/payments", "type": "module", "exports": "./index.js" }'
writeFileSync(join(root, 'packages/payments/package.json'), manifest)
writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
writeFileSync(join(root, '.gitignore'), 'node_modules')
write(plan)
git('init', '--quiet')
git('add', '.')
git('commit', '--quiet', '--message', 'shop: it sells')

const [output, ...commands] = ['output', 'map', 'contracts'].map(
  (name) => new URL(`../../src/cli/${name}.ts`, import.meta.url).href,
)
const script = `
  import { map } from '${commands[0]}'
  import { contracts } from '${commands[1]}'
  import { reportFailure } from '${output}'
  const [name, options] = process.argv.slice(1)
  const run = name === 'map' ? map : contracts
  await run('shop', JSON.parse(options)).catch((error) => reportFailure(error, false))`

function run(
  name: 'map' | 'contracts',
  options: object,
): { readonly code: number | null; readonly text: string; readonly errors: string } {
  const flags = ['--conditions=holdfast-src', '--input-type=module', '-e', script]
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--', name, JSON.stringify(options)],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  return { code: status, text: stdout, errors: stderr }
}

test('a tree that is as its revision has no difference and breaks nobody', () => {
  write(plan)

  assert.match(run('map', { diff: 'HEAD' }).text, /No arrow and no number differs\./)
  const { code, text } = run('contracts', { diff: 'HEAD' })
  assert.deepEqual([code, /still can/.test(text)], [0, true])
})

test('a changed arrow is a row with its numbers before and after', () => {
  write({ ...plan, deadline: '5s' })

  const { code, text } = run('map', { diff: 'HEAD' })

  assert.match(
    text,
    /\| ~ \| call \| `orders>payments\.charge` \| command, 1 s over 3 attempts<br>.* \| command, 5 s over 3 attempts<br>/,
  )
  assert.equal(code, 0)
})

test('a changed contract names who is broken, also if it lies in a package of the repository', () => {
  write({ ...plan, input: 'id: z.string(), cents: z.int()', refuses: 'broke: z.object({})' })

  const { code, text } = run('contracts', { diff: 'HEAD' })

  assert.match(
    text,
    /\| input-narrowed \| `payments\.charge` \| the input field `cents` is required now \| orders \|/,
  )
  assert.match(
    text,
    /\| refusal-added \| `payments\.charge` \| the refusal `broke` is new \| orders \|/,
  )
  assert.equal(code, 1)
})

test('a revision that does not exist is named, with exit code 2', () => {
  const { code, errors } = run('contracts', { diff: 'no-such-branch' })

  assert.match(errors, /'no-such-branch' is no revision of this repository/)
  assert.equal(code, 2)
})

test('nothing is left behind: no worktree, no branch, no change', () => {
  write(plan)

  assert.equal(git('worktree', 'list').trim().split('\n').length, 1)
  assert.equal(git('status', '--porcelain'), '')
})
