/**
 * The examples, each with one mistake that a review could miss.
 */
import type { Bug } from './bug.ts'

const MARKET = 'examples/market'
const CHAT = 'examples/chat'

export const bugsOfExamples: readonly Bug[] = [
  {
    name: 'lost-update',
    what: 'The bank reads a balance, computes, and writes what it computed.',
    folder: 'examples/bank',
    changes: [
      {
        file: 'examples/bank/service.ts',
        right: 'type Book, bookAtomically }',
        wrong: 'type Book, bookWhatWasRead as bookAtomically }',
      },
    ],
  },
  {
    name: 'no-idempotency',
    what: 'Each request to the card provider has a key of its own.',
    folder: MARKET,
    changes: [
      {
        file: `${MARKET}/provider/contract.ts`,
        right: 'key: (charge) => charge.orderId',
        wrong: 'key: () => crypto.randomUUID()',
      },
    ],
  },
  {
    name: 'silence-is-a-decline',
    what: 'An order whose charge was not answered is declined, though the card may be charged.',
    folder: MARKET,
    changes: [
      {
        file: `${MARKET}/payments/service.ts`,
        right: 'throw outcome.error',
        wrong: `return { declined: 'nobody answered' }`,
      },
    ],
  },
  {
    name: 'forgotten-compensation',
    what: 'The goods of a declined order do not go back on the shelf.',
    folder: MARKET,
    changes: [
      {
        file: `${MARKET}/inventory/service.ts`,
        right: `eb('available', '+', quantity)`,
        wrong: `eb('available', '+', 0)`,
      },
    ],
  },
  {
    name: 'poison-message',
    what: 'The ledger cannot digest the charge of one kind of order.',
    folder: MARKET,
    changes: [
      {
        file: `${MARKET}/ledger/service.ts`,
        right: '[orderId, cents, -cents]',
        wrong: '[orderId, cents, cents > 5_000 ? 0 : -cents]',
      },
    ],
  },
  {
    name: 'order-by-wall-clock',
    what: 'Messages are stamped with the time of day alone.',
    folder: CHAT,
    changes: [
      {
        file: `${CHAT}/messages.ts`,
        right: 'Math.max(Date.now(), (rows[0]?.latest ?? 0) + 1)',
        wrong: 'Math.max(Date.now(), rows.length)',
      },
    ],
  },
  {
    name: 'shown-at-once',
    what: 'A message is shown when it arrives, whatever it answers.',
    folder: CHAT,
    changes: [
      {
        file: `${CHAT}/messages.ts`,
        right: 'if (answers !== null && !(await isShown(tx, answers))) return',
        wrong: '',
      },
    ],
  },
]
