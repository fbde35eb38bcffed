/**
 * `holdfast export`: what others may rely on, in the languages of their tools.
 */
import { asyncApiOf, clientOf, openApiOf } from '#map'
import { HoldfastError } from '#errors'
import { loadSystem } from './load-system.ts'
import { print } from './output.ts'

/** Prints the operations of a system as OpenAPI 3.1, or its events as AsyncAPI 3. */
export async function exportDocument(kind: 'openapi' | 'asyncapi', folder: string): Promise<void> {
  const system = await loadSystem(folder)
  const document = kind === 'openapi' ? openApiOf(system) : asyncApiOf(system)
  print(JSON.stringify(document, undefined, 2))
}

/**
 * Prints a typed client of one service, for browsers and for whatever else has `fetch`.
 *
 * @throws HF_USAGE (effect none) if the system has no service of that name.
 */
export async function exportClient(name: string, folder: string): Promise<void> {
  const { services } = await loadSystem(folder)
  const found = services.find((each) => each.name === name)
  if (found === undefined) {
    throw new HoldfastError('HF_USAGE', {
      detail: `'${name}' is no service of the system in ${folder}`,
      fix: `Name one of ${services.map((each) => each.name).join(', ')}.`,
    })
  }
  print(clientOf(found.contract).trimEnd())
}
