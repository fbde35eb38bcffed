/**
 * A picture of a PGlite at rest, and the way back to it: its WebAssembly memory and its files.
 *
 * Intuition: a database that runs in a byte array is saved by copying the array. What PostgreSQL
 * remembers outside of it are the files of Emscripten's in-memory file system, its open descriptors and
 * its inode counter. Of the files, some two thousand, only those that were touched since are put back.
 *
 * Invariants:
 *   S1. At rest (no statement running, no transaction) `restore` gives back every bit that a statement
 *       can see: rows, sequences, transaction ids, object ids, the position of the log.
 *   S2. A picture belongs to the instance that it was taken of.
 *
 * Depends on the insides of PGlite 0.5 and Emscripten; whoever uses it compares two restores first.
 */

/** A file, directory or device of Emscripten's in-memory file system. */
interface FileNode {
  mode: number
  usedBytes: number
  /** Bytes of a file, names of a directory. */
  contents: ArrayBufferView | Record<string, FileNode> | null | undefined
  readonly stream_ops?: Operations
  readonly node_ops?: Operations
  [field: string]: unknown
}

type Operations = Record<string, ((subject: unknown, ...rest: unknown[]) => unknown) | undefined>

/** An open descriptor. */
interface Stream {
  fd: number
  node: FileNode
  position: number
  flags: number
  shared?: Record<string, unknown>
}

/** Emscripten's file system, as far as a picture needs it. */
interface FileSystem {
  readonly root: FileNode
  readonly streams: (Stream | null | undefined)[]
  readonly nameTable: (FileNode | undefined)[]
  nextInode: number
  currentPath: string
}

/** The module of a PGlite, as far as a picture needs it. */
export interface PgliteModule {
  readonly HEAPU8: Uint8Array
  readonly FS: FileSystem
}

/** What of a node is copied besides its contents. */
const FIELDS = ['parent', 'id', 'name', 'mode', 'name_next', 'usedBytes', 'atime', 'mtime', 'ctime']

/** Operations that change a node, or the names in a directory. */
const NODE_CHANGES = ['setattr', 'mknod', 'symlink', 'unlink', 'rmdir', 'rename']

const PAGE_WORDS = 1024
/** Beyond this many empty pages in a row (4 MB), memory was never used. */
const EMPTY_PAGES = 1024
const IS_DIRECTORY = 0o040000

interface NodePicture {
  readonly node: FileNode
  readonly fields: readonly unknown[]
  /** The next node in the table of names, which changes when others come and go. */
  readonly nameNext: unknown
  readonly bytes: Uint8Array | undefined
  readonly entries: Record<string, FileNode> | undefined
}

/** Takes pictures of one PGlite and restores them. */
export class Camera {
  readonly #module: PgliteModule
  /** Files and directories that were changed since the last picture was taken or restored. */
  readonly #dirty = new Set<unknown>()
  #last: Picture | undefined

  constructor(module: PgliteModule) {
    this.#module = module
    this.#watchWrites()
  }

  /** Takes a picture. The database must be at rest. */
  take(): Picture {
    const { HEAPU8, FS } = this.#module
    const memory = HEAPU8.slice(0, topUsed(HEAPU8, HEAPU8.length))
    const nodes = nodesBelow(FS.root).map(pictureOf)
    const picture = new Picture(memory, nodes, FS)
    this.#dirty.clear()
    this.#last = picture
    return picture
  }

  /** Makes everything as it was when the picture was taken. */
  restore(picture: Picture): void {
    const { HEAPU8, FS } = this.#module
    const top = nextUnused(HEAPU8, picture.memory.length)
    HEAPU8.set(picture.memory)
    HEAPU8.fill(0, picture.memory.length, top)
    // What did not change since this very picture need not be copied; of another nothing is known.
    const isSame = this.#last === picture
    for (const each of picture.nodes) {
      if (isSame && !this.#dirty.has(each.node)) each.node['name_next'] = each.nameNext
      else restoreNode(each)
    }
    picture.restoreTables(FS)
    this.#dirty.clear()
    this.#last = picture
  }

  /** Nodes of one kind share their operations, so each is wrapped once. */
  #watchWrites(): void {
    const watched = new Set<Operations>()
    const watch = (
      operations: Operations | undefined,
      names: readonly string[],
      written: (...of: unknown[]) => unknown[],
    ): void => {
      if (operations === undefined || watched.has(operations)) return
      watched.add(operations)
      for (const name of names) this.#watch(operations, name, written)
    }
    for (const { stream_ops: ofStreams, node_ops: ofNodes } of nodesBelow(this.#module.FS.root)) {
      // The first argument of a stream's operation is the stream, of a node's operation the node.
      watch(ofStreams, ['write', 'allocate', 'msync'], (stream) => [(stream as Stream).node])
      // A node, or the directory of a name; what is moved leaves one directory for another.
      watch(ofNodes, NODE_CHANGES, (node, other) => [node, (node as FileNode)['parent'], other])
    }
  }

  #watch(operations: Operations, name: string, written: (...of: unknown[]) => unknown[]): void {
    const original = operations[name]
    if (original === undefined) return
    const dirty = this.#dirty
    operations[name] = function watched(this: unknown, subject, ...rest): unknown {
      for (const each of written(subject, ...rest)) dirty.add(each)
      return original.call(this, subject, ...rest)
    }
  }
}

/** One picture. Opaque to everybody but the camera that took it. */
export class Picture {
  readonly memory: Uint8Array
  readonly nodes: readonly NodePicture[]
  readonly #streams: readonly {
    readonly stream: Stream | null | undefined
    readonly was: Stream | undefined
  }[]
  readonly #names: readonly (FileNode | undefined)[]
  readonly #nextInode: number
  readonly #currentPath: string

  constructor(memory: Uint8Array, nodes: readonly NodePicture[], files: FileSystem) {
    this.memory = memory
    this.nodes = nodes
    this.#streams = files.streams.map((stream) => ({ stream, was: copyOf(stream) }))
    this.#names = files.nameTable.slice()
    this.#nextInode = files.nextInode
    this.#currentPath = files.currentPath
  }

  /** Puts descriptors, names and counters back. */
  restoreTables(files: FileSystem): void {
    files.streams.length = 0
    for (const { stream, was } of this.#streams) {
      if (stream && was) {
        const { shared, ...own } = was
        Object.assign(stream, own)
        if (shared !== undefined) Object.assign(stream.shared ?? {}, shared)
      }
      files.streams.push(stream)
    }
    files.nameTable.length = 0
    for (const node of this.#names) files.nameTable.push(node)
    files.nextInode = this.#nextInode
    files.currentPath = this.#currentPath
  }
}

function copyOf(stream: Stream | null | undefined): Stream | undefined {
  if (!stream) return undefined
  const { fd, node, position, flags, shared } = stream
  return { fd, node, position, flags, ...(shared === undefined ? {} : { shared: { ...shared } }) }
}

function pictureOf(node: FileNode): NodePicture {
  const { contents } = node
  const isFile = ArrayBuffer.isView(contents)
  return {
    node,
    fields: FIELDS.map((field) => node[field]),
    nameNext: node['name_next'],
    bytes: isFile ? bytesOf(contents).slice(0, node.usedBytes) : undefined,
    entries: contents && !isFile ? { ...contents } : undefined,
  }
}

function restoreNode({ node, fields, bytes, entries }: NodePicture): void {
  for (const [index, field] of FIELDS.entries()) node[field] = fields[index]
  if (entries !== undefined) node.contents = { ...entries }
  else if (bytes !== undefined) restoreBytes(node, bytes)
}

function restoreBytes(node: FileNode, bytes: Uint8Array): void {
  const { contents } = node
  if (!ArrayBuffer.isView(contents) || contents.byteLength < bytes.length) {
    // Emscripten's own kind of array; a plain one would sort negative bytes differently.
    node.contents =
      ArrayBuffer.isView(contents) && contents instanceof Int8Array
        ? new Int8Array(bytes)
        : bytes.slice()
    return
  }
  const present = bytesOf(contents)
  present.set(bytes)
  present.fill(0, bytes.length)
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function nodesBelow(root: FileNode): FileNode[] {
  const found = [root]
  for (const node of found) {
    const { contents } = node
    const isDirectory = (node.mode & 0o170000) === IS_DIRECTORY
    if (!isDirectory || !contents || ArrayBuffer.isView(contents)) continue
    found.push(...Object.values(contents).filter((each) => each !== node))
  }
  return found
}

/** The end of the used part of the memory, in bytes: everything from there on is zero. */
function topUsed(memory: Uint8Array, end: number): number {
  const words = new Uint32Array(memory.buffer, 0, end >> 2)
  for (let page = words.length - PAGE_WORDS; page >= 0; page -= PAGE_WORDS) {
    if (!isEmpty(words, page)) return (page + PAGE_WORDS) * 4
  }
  return 0
}

/** Where the memory that was used since ends, looking up from `from`, in bytes. */
function nextUnused(memory: Uint8Array, from: number): number {
  const words = new Uint32Array(memory.buffer)
  let end = from
  for (let page = from >> 2; page < words.length; page += PAGE_WORDS) {
    if (!isEmpty(words, page)) end = (page + PAGE_WORDS) * 4
    else if (page * 4 - end > EMPTY_PAGES * PAGE_WORDS * 4) break
  }
  return Math.min(end, memory.length)
}

function isEmpty(words: Uint32Array, page: number): boolean {
  const end = Math.min(page + PAGE_WORDS, words.length)
  for (let index = page; index < end; index += 1) if (words[index] !== 0) return false
  return true
}
