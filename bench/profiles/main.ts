/**
 * `npm run bench:profile [-- PATH …]`: writes where the time of each hot path goes to `bench/profiles`.
 *
 * Each path is profiled in a process of its own, which compiles nothing but it. With one name the profile
 * of that path is taken here.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { profiled } from '../method/profile.ts'
import { commitNow } from '../method/result.ts'
import { paths } from './paths.ts'

const WARM_MS = 2_000
const PROFILE_MS = 5_000

const FOLDER = new URL('./', import.meta.url)
const named = process.argv.slice(2)
const [name = '', ...others] = named.length === 0 ? Object.keys(paths) : named

if (others.length === 0) {
  await one(name)
  // Servers and pools of the path still run, and nobody asks them any more.
  process.exit(0)
}
for (const each of [name, ...others]) {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), each]
  execFileSync(process.execPath, args, { stdio: 'inherit' })
}

async function one(path: string): Promise<void> {
  const make = paths[path]
  if (make === undefined)
    throw new Error(`no path is called ${path}; there are ${Object.keys(paths).join(', ')}`)
  const { what, load } = await make()
  await load(WARM_MS)
  const text = await profiled(what, load, PROFILE_MS)
  const { date, commit } = commitNow()
  const head = `# Where the time goes: ${path}\n\nWritten by \`npm run bench:profile\` on ${date} at commit \`${commit}\`.`
  const file = fileURLToPath(new URL(`${path}.md`, FOLDER))
  writeFileSync(file, `${head}\n\n${text}\n`)
  execFileSync('oxfmt', [file], { stdio: 'ignore' })
  console.log(`wrote ${file}`)
}
