/**
 * The provider as the simulation runs it: the same program, without a socket to destroy.
 *
 * Its books outlive a crash, as the file of main.ts does. An answer that is lost never comes, which is
 * the worse way to lose one: the caller must give up waiting by itself.
 */
import type { Books } from './books.ts'
import { LOST, type Mood, provider } from './provider.ts'

/** A fetch handler over `books`. Its delays and its mood follow the seed. */
export function simulatedProvider(
  books: Books,
  mood?: Mood,
): (request: Request) => Promise<Response> {
  const answer = provider(books, mood)
  return async (request) => {
    const response = await answer(request)
    return response === LOST ? new Promise(() => undefined) : response
  }
}
