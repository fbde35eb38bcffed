/**
 * Keeps a pool or a client of your own out of Holdfast's transactions.
 *
 * Intuition: a handler that reaches for the pool beside it writes what stays although the handler is
 * undone, and reads what is not there yet. On a pool whose only connection is taken it waits for ever.
 *
 * Invariant: inside a transaction of Holdfast nothing of `client` runs; elsewhere it is as it was.
 */
import { assertOutsideTransaction } from '#state'

/**
 * The same pool or client, which refuses to be used inside a handler's transaction. Give it to whatever
 * is built over it: `new Kysely({ dialect: new PostgresDialect({ pool: guarded(pool) }) })`.
 *
 * @throws HF_DB_OUTSIDE_TRANSACTION (effect none) when it is used there.
 */
export function guarded<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        assertOutsideTransaction(`a connection of its own (\`${String(name)}\`)`)
        return Reflect.apply(member, target, args)
      }
    },
    // postgres.js is a function.
    apply(target, self, args) {
      assertOutsideTransaction('a connection of its own')
      return typeof target === 'function' ? Reflect.apply(target, self, args) : undefined
    },
  })
}
