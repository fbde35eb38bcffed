/**
 * A file that says which process uses a directory, and that outlives a crash without blocking anyone.
 *
 * Intuition: Node has no `flock`, so the file must tell whether its owner still lives. A process id
 * alone cannot: after a crash another program may have got it. On Linux the file also holds the moment
 * at which the owner was started, and the boot and the process namespace in which its id has a meaning.
 * A host of the same name after another boot, or in another namespace, is the same machine or container
 * started again; a host of another name cannot be judged from here, and is left alone.
 *
 * Invariants:
 *   K1. The file appears with its whole content or not at all.
 *   K2. It is taken over only if its owner is dead, judged as above.
 *   K3. `isMine` is false once anybody else holds the file: whoever opened something under the lock asks
 *       again afterwards, because two processes may have judged the same dead owner at once.
 */
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { HoldfastError } from '#errors'
import { nodeClock, nodeRandom, uuid } from '#world'

/** Who holds the lock. */
interface Owner {
  readonly pid: number
  /** Start of the process in clock ticks since boot; '' where the system does not tell. */
  readonly startedAt: string
  /** Boot id and process namespace: process ids of another one mean nothing here. */
  readonly realm: string
  readonly host: string
  /** Tells this taking of the lock from every other. */
  readonly id: string
}

/** Times that a dead owner's file is cleared away; each time somebody else may be faster. */
const TAKEOVERS_MAX = 3

/** A lock that this process holds. */
export class FileLock {
  readonly #path: string
  readonly #id: string

  private constructor(path: string, id: string) {
    this.#path = path
    this.#id = id
  }

  /** Takes the lock. @throws HF_DB_IN_USE (effect none) naming the process that holds it */
  static take(path: string): FileLock {
    const me = { ...thisProcess(), id: freshId() }
    for (let takeovers = 0; takeovers <= TAKEOVERS_MAX; takeovers += 1) {
      if (create(path, me)) return new FileLock(path, me.id)
      const owner = ownerOf(path)
      if (owner !== undefined && !isDead(owner, me)) throw inUse(path, owner, me)
      if (owner !== undefined) clearAway(path, owner)
    }
    throw new HoldfastError('HF_DB_IN_USE', { detail: `other processes are fighting over ${path}` })
  }

  isMine(): boolean {
    return ownerOf(this.#path)?.id === this.#id
  }

  release(): void {
    if (this.isMine()) rmSync(this.#path, { force: true })
  }
}

/** Makes the file with a link, which fails if the name is taken: content and name appear together. */
function create(path: string, me: Owner): boolean {
  const draft = `${path}.${me.id}`
  writeFileSync(draft, JSON.stringify(me))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The owner; `undefined` if there is no file. What cannot be read has an owner that nobody knows. */
function ownerOf(path: string): Owner | undefined {
  try {
    const owner: Partial<Owner> = JSON.parse(readFileSync(path, 'utf8'))
    return { ...NOBODY, ...owner }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (error instanceof SyntaxError) return NOBODY
    throw error
  }
}

/** The owner that a file without sense has: of no host, so that nobody judges it dead. */
const NOBODY: Owner = { pid: 0, startedAt: '', realm: '', host: '', id: '' }

function freshId(): string {
  return uuid(nodeRandom, nodeClock.wallMs())
}

/** Moves the dead owner's file out of the way; puts it back if it was already somebody else's. */
function clearAway(path: string, dead: Owner): void {
  const aside = `${path}.${freshId()}`
  try {
    renameSync(path, aside)
    if (ownerOf(aside)?.id !== dead.id) linkSync(aside, path)
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function isDead(owner: Owner, me: Owner): boolean {
  if (owner.host !== me.host) return false
  if (owner.realm !== me.realm) return true
  const startedAt = startOf(owner.pid)
  if (startedAt !== undefined) return startedAt !== owner.startedAt
  return !isRunning(owner.pid)
}

function thisProcess(): Omit<Owner, 'id'> {
  return {
    pid: process.pid,
    startedAt: startOf(process.pid) ?? '',
    realm: `${bootId()} ${namespace()}`,
    host: hostname(),
  }
}

/** When the process was started; '' if it is a corpse, `undefined` if the system does not tell. */
function startOf(pid: number): string | undefined {
  try {
    // The name of the program stands in brackets and may hold anything, spaces included.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : fields[19]
  } catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return '-'
  }
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return '-'
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user may not be signalled, but it lives.
    return codeOf(error) === 'EPERM'
  }
}

function inUse(path: string, owner: Owner, me: Owner): HoldfastError {
  if (owner.host === me.host) {
    return new HoldfastError('HF_DB_IN_USE', { detail: `process ${owner.pid} holds ${path}` })
  }
  return new HoldfastError('HF_DB_IN_USE', {
    detail: `${path} is held by process ${owner.pid} on host '${owner.host}', out of sight from here`,
    fix: `Stop it; if it is certainly gone, delete ${path}.`,
  })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined
}
