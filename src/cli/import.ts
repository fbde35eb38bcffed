/**
 * `holdfast import openapi FILE`: the contract of a service that is not ours, from its own document.
 *
 * The module goes to the output, what is not in it to the error stream, so that a pipe takes the one and
 * a person reads the other.
 *
 * Exit codes: 0 written, 2 the file or the name cannot be used.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { HoldfastError } from '#errors'
import { foreignContractOf } from '#map'
import { paint, print } from './output.ts'

interface ImportOptions {
  readonly name?: string
}

/** Prints the contract of what an OpenAPI 3.1 document in JSON describes. */
export async function importOpenApi(file: string, options: ImportOptions): Promise<void> {
  const name = options.name ?? nameOf(file)
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
    throw new HoldfastError('HF_USAGE', {
      detail: `'${name}' cannot be the name of a contract`,
      fix: 'Give one with --name: letters and digits, the first of them a small letter.',
    })
  }
  const made = foreignContractOf(await documentIn(file), name)
  if (typeof made === 'string') {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be imported: ${made}`,
      fix: 'Give an OpenAPI 3.1 document.',
    })
  }
  print(made.text.trimEnd())
  for (const each of made.leftOut) print(paint('yellow', each, process.stderr), process.stderr)
}

/** `parcels` of `./api/parcels.openapi.json`. */
function nameOf(file: string): string {
  return basename(file).split('.', 1)[0] ?? ''
}

async function documentIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be read`,
      fix: 'Name a file that exists.',
      cause,
    })
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} is no JSON`,
      fix: 'Turn YAML into JSON first: `yq -o json api.yaml > api.json`.',
      cause,
    })
  }
}
