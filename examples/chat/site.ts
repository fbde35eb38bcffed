/**
 * A site of the chat: takes what is written here, and keeps what is written elsewhere.
 *
 * Writing asks nobody, so a site works for as long as it is cut off; the others hear of it when the
 * way is mended (`messages.ts` says what they do with it).
 */
import { type Service, service, sql, when } from 'holdfast'
import type { berlin } from './contract.ts'
import { isShown, keep, nextStamp, shown } from './messages.ts'

/** All sites promise the same. */
type Site = typeof berlin

const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

/** The service of one site, which hears of the others. */
export function siteService(own: Site, others: readonly Site[]): Service {
  return service(own, database, {
    handle: {
      write: async ({ tx, input, emit, refuse }) => {
        const { answers } = input
        if (answers !== null && !(await isShown(tx, answers))) {
          return refuse.unknownMessage({ answers })
        }
        const message = { ...input, stamp: await nextStamp(tx) }
        await keep(tx, message)
        emit.written(message)
        return { stamp: message.stamp }
      },

      read: async ({ db }) => ({ messages: await shown(db) }),
    },

    when: others.map((other) => when(other.written, ({ tx, event }) => keep(tx, event))),
  })
}
