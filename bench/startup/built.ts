/**
 * Holdfast as it is published: compiled, in a folder of its own, because nobody starts the sources in
 * production, and stripping their types would count as start-up.
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Puts what is published beside `hello.js`, and gives the folder of both. */
export function buildHello(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const compile = ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')]
    execFileSync('tsc', compile, { cwd: ROOT, stdio: 'ignore' })
  } catch (error) {
    // The compiler emits beside its complaints; only a folder without a program cannot be measured.
    if (!existsSync(join(folder, 'dist', 'index.js'))) throw error
  }
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  cpSync(join(ROOT, 'src'), join(folder, 'src'), { recursive: true, filter: isPublished })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const source = readFileSync(new URL('./hello.ts', import.meta.url), 'utf8')
  writeFileSync(join(folder, 'hello.js'), stripTypeScriptTypes(source))
  return folder
}

function isPublished(path: string): boolean {
  return !path.endsWith('.test.ts')
}
