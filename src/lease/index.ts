/**
 * Authority: leases that one holder has at a time, with tokens that only grow.
 *
 * A lease says who should act; only a check of its token where the effect is stored says who did.
 */
export {
  databaseLeases,
  vacate,
  type Lease,
  type LeaseStore,
  type LeaseStoreOptions,
} from './lease.ts'
