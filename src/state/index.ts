/**
 * The database that a service owns: connections, transactions with a deadline, migrations, the inbox.
 */
export type { Connection, Connections } from './connection.ts'
export type { Database, Transaction, TransactionOptions } from './database.ts'
export { claim, keepReply, prior, type Claim, type Prior } from './inbox.ts'
export type { Migration } from './migration.ts'
