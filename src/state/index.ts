/**
 * The database that a service owns: connections, transactions with a deadline, migrations, the inbox.
 *
 * Read `connection.ts` for what an adapter must do, `database.ts` for what a service gets, and
 * `attempt.ts` for the one place where a transaction begins and ends.
 */
export type { Connection, Connections, Statement } from './connection.ts'
export type { Database, Transaction, TransactionOptions } from './database.ts'
export { claim, claimAll, keepReply, keptReply, prior, type Claim, type Prior } from './inbox.ts'
export {
  migrate,
  migrationStatus,
  type MigrateOptions,
  type MigrationScope,
  type MigrationStatus,
  type MigrationStep,
} from './migrate.ts'
export { parseMigrations, type Migration, type MigrationFile } from './migration.ts'
export { openDatabase } from './open.ts'
export { databaseError } from './sqlstate.ts'
export { assertOutsideTransaction } from './within.ts'
