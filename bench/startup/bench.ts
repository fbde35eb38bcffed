/**
 * `startup`, `memory` and `install`: a service that says hello from PostgreSQL, from the start of its
 * process to its first answer; what it holds then, and after a thousand requests; what is on the disk.
 *
 * Everybody does the same work: the floor and the peers connect to the same database and read the same
 * row. Holdfast looks whether its migrations are applied as well, as it does at every start.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, Role, Sample, Subject } from '../method/bench.ts'
import { startPostgres } from '../method/postgres.ts'
import { buildHello } from './built.ts'
import { bytesIn, dependenciesOf, installed, type Installed } from './installed.ts'
import { type Program, start, type Started } from './started.ts'

const PEERS = fileURLToPath(new URL('../peers/hello.js', import.meta.url))
const REQUESTS = 1_000
const MIB = 1_048_576

/** Time and processor until the first answer. */
export async function startup(): Promise<Bench> {
  return hello(
    'startup',
    'a service that says hello from PostgreSQL, from the start of its process to its first answer',
    [
      { name: 'ms', unit: 'ms to the first answer', better: 'less', isCompared: false },
      { name: 'cpuMs', unit: 'ms of CPU to the first answer', better: 'less', isCompared: true },
    ],
    async (started) => ({ ms: started.firstAnswerMs, cpuMs: (await started.usage()).cpuMs }),
  )
}

/** What stands on the disk: everybody needs `pg`, and Holdfast is what `npm pack` would pack. */
export async function install(): Promise<Bench> {
  const folder = buildHello()
  const peers = fileURLToPath(new URL('../peers/', import.meta.url))
  const own = ['dist', 'bin', 'src'].reduce((sum, each) => sum + bytesIn(join(folder, each)), 0)
  const ours = installed(folder, [...dependenciesOf(folder), 'pg'])
  const subjects = [
    fixed('node:http', 'floor', installed(peers, ['pg'])),
    fixed('fastify', 'peer', installed(peers, ['fastify', 'pg'])),
    fixed('hono', 'peer', installed(peers, ['hono', '@hono/node-server', 'pg'])),
    fixed('moleculer', 'peer', installed(peers, ['moleculer', 'pg'])),
    fixed('holdfast', 'holdfast', { packages: ours.packages + 1, bytes: ours.bytes + own }),
  ]
  return {
    name: 'install',
    question: 'what a service that says hello from PostgreSQL has on the disk',
    measures: [
      { name: 'mib', unit: 'MiB installed', better: 'less', isCompared: true },
      { name: 'packages', unit: 'packages installed', better: 'less', isCompared: true },
    ],
    subjects,
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

function fixed(name: string, role: Role, { packages, bytes }: Installed): Subject {
  const known = { packages, mib: bytes / MIB }
  return { name, role, open: async () => ({ sample: async () => known, close: async () => {} }) }
}

/** Resident memory after the first answer, and after many. */
export async function memory(): Promise<Bench> {
  return hello(
    'memory',
    `resident memory of the same service, after its first answer and after ${REQUESTS} requests`,
    [
      { name: 'first', unit: 'MiB after the first answer', better: 'less', isCompared: true },
      { name: 'later', unit: `MiB after ${REQUESTS} requests`, better: 'less', isCompared: true },
    ],
    async (started) => {
      const first = await started.usage()
      await started.ask(REQUESTS)
      return { first: first.rss / MIB, later: (await started.usage()).rss / MIB }
    },
  )
}

type Take = (started: Started) => Promise<Sample>

async function hello(
  name: string,
  question: string,
  measures: Bench['measures'],
  take: Take,
): Promise<Bench> {
  const folders = [buildHello(), mkdtempSync(join(tmpdir(), 'holdfast-bench-'))] as const
  const [built, embedded] = folders
  const server = await startPostgres()
  const module = join(built, 'hello.js')
  const env = { DATABASE_URL: await server.fresh('hello') }
  const peer = (args: string, role: Role): Subject =>
    subject(args, role, { module: PEERS, args: [args], env }, take)
  return {
    name,
    question,
    measures,
    subjects: [
      peer('node:http', 'floor'),
      peer('fastify', 'peer'),
      peer('hono', 'peer'),
      subject('holdfast', 'holdfast', { module, args: [], env }, take),
      subject(
        'holdfast, embedded database',
        'variant',
        { module, args: [], env: { HELLO_FOLDER: embedded } },
        take,
      ),
    ],
    async close() {
      await server.stop()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Opened by one start, so that a subject that cannot run is missing, and not a failed round. */
function subject(name: string, role: Role, program: Program, take: Take): Subject {
  return {
    name,
    role,
    async open() {
      await (await start(program)).end()
      return { sample: async () => sample(program, take), close: async () => {} }
    },
  }
}

async function sample(program: Program, take: Take): Promise<Sample> {
  const started = await start(program)
  try {
    return await take(started)
  } finally {
    await started.end()
  }
}
