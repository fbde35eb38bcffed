/**
 * Engines that exist, behind the ports of the folders below: PGlite, PostgreSQL, HTTP, Kysely.
 *
 * Third-party names appear in this folder and nowhere below it. Kysely has a subpath of its own, so
 * that whoever does not use it need not install it.
 */
export {
  fromPg,
  fromPglite,
  fromPrisma,
  type PgLike,
  type PgliteLike,
  type PrismaLike,
} from './executors.ts'
export { guarded } from './guarded.ts'
export { httpNetwork } from './http.ts'
export { fetchHandler, nodeListener } from './mount.ts'
export { natsPromises } from './nats-promises.ts'
export { connectService, nodeWorld, outbox } from './node.ts'
export { connectPglite } from './pglite.ts'
export { openPgliteMemory, type KeptPglite, type PgliteMemory } from './pglite-memory.ts'
export { connectPostgres, ensureDatabase } from './postgres.ts'
export { serve, type ServeOptions } from './serve.ts'
export { withHeaders } from './with-headers.ts'
export { wrap } from './wrap.ts'
export { wrapFetch, type Fetch, type FetchPolicy } from './wrap-fetch.ts'
