/**
 * A folder as it was at another revision: checked out beside the tree, used, and removed again.
 *
 * Invariants:
 *   V1. The user's tree, index and branches are not touched, and no hook of the repository runs.
 *   V2. The copy is removed, whatever `use` does.
 *   V3. Packages are those that are installed now; a package of the repository itself (a workspace) is
 *       taken from the revision, or the old contracts would be the new ones.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { HoldfastError } from '#errors'

const run = promisify(execFile)

/** A checkout that takes longer than this is not worth waiting for. */
const GIT_MS_MAX = 120_000

/**
 * Uses `folder` as it was at a revision.
 *
 * @throws HF_USAGE (effect none) if the folder is in no repository, or there is no such revision.
 */
export async function atRevision<Result>(
  folder: string,
  revision: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const here = await realpath(folder).catch(refuse(`the folder ${folder} cannot be read`))
  const root = await git(here, ['rev-parse', '--show-toplevel']).catch(
    refuse(`${folder} is in no git repository, so it has no revisions`),
  )
  const commit = await git(here, ['rev-parse', '--verify', `${revision}^{commit}`]).catch(
    refuse(`'${revision}' is no revision of this repository`),
  )
  const room = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-revision-')))
  const tree = join(room, 'tree')
  try {
    await git(root, ['worktree', 'add', '--detach', '--quiet', tree, commit])
    await linkPackages(root, tree, here)
    return await use(join(tree, relative(root, here)))
  } finally {
    // A checkout that failed half-way is no worktree yet; what is left of it is removed below.
    await git(root, ['worktree', 'remove', '--force', tree]).catch(() => undefined)
    await rm(room, { recursive: true, force: true })
  }
}

/** The same for what a user names with `--with`. @throws HF_USAGE (effect none) as above */
export async function withVersion<Result>(
  folder: string,
  version: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  if (version.startsWith('git:') && version.length > 4) {
    return atRevision(folder, version.slice(4), use)
  }
  throw new HoldfastError('HF_USAGE', {
    detail: `--with is git: and a branch, tag or commit, such as git:main, not '${version}'`,
  })
}

async function git(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', folder, '-c', 'core.hooksPath=/dev/null', ...args], {
    timeout: GIT_MS_MAX,
  })
  return stdout.trim()
}

/**
 * Every `node_modules` that is found from the folder or from a workspace, in the same places of the
 * copy. The set grows while it is walked, by each workspace once.
 */
async function linkPackages(root: string, tree: string, here: string): Promise<void> {
  const steps = relative(root, here).split(sep).filter(Boolean)
  const places = new Set(['', ...steps.map((_, index) => join(...steps.slice(0, index + 1)))])
  for (const place of places) {
    // One after the other: each may add places to the set.
    // oxlint-disable-next-line no-await-in-loop
    await linkEach(
      join(root, place, 'node_modules'),
      join(tree, place, 'node_modules'),
      (target) => {
        const workspace = workspaceAt(root, target)
        if (workspace === undefined) return target
        places.add(workspace)
        return join(tree, workspace)
      },
    )
  }
}

async function linkEach(
  from: string,
  to: string,
  targetOf: (found: string) => string,
): Promise<void> {
  const names = await readdir(from).catch((): string[] => [])
  if (names.length === 0) return
  await mkdir(to, { recursive: true })
  await Promise.all(
    names.map(async (name) => {
      if (name.startsWith('@')) return linkEach(join(from, name), join(to, name), targetOf)
      await symlink(targetOf(await realpath(join(from, name))), join(to, name))
    }),
  )
}

/** The place of a package of the repository itself; `undefined` for one that was installed. */
function workspaceAt(root: string, target: string): string | undefined {
  const place = relative(root, target)
  const isOutside = place.startsWith('..') || place.split(sep).includes('node_modules')
  return isOutside ? undefined : place
}

function refuse(detail: string): (cause: unknown) => never {
  return (cause) => {
    throw new HoldfastError('HF_USAGE', {
      detail,
      fix: 'Name a folder inside a git repository, and a branch, tag or commit of it.',
      cause,
    })
  }
}
