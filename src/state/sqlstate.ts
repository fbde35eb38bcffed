/**
 * What a database error means, read from its code and never from its words.
 *
 * Intuition: `pg`, PGlite and the operating system all put a short code into `error.code`: five
 * characters of SQLSTATE, or an errno such as ECONNREFUSED. The same code means the same everywhere.
 *
 * Invariants:
 *   Q1. A message holds no parameter value and no password: PostgreSQL's own words are repeated only
 *       for the classes whose words name columns, tables and constraints. The whole error is `cause`.
 *   Q2. Every error becomes exactly one code of the catalogue.
 *
 * Source: PostgreSQL 18, appendix A (error codes).
 */
import { type Code, HoldfastError, isHoldfastError } from '#errors'

/** What a driver's error may carry beside its message. */
interface DriverError {
  readonly code: string
  readonly message: string
  readonly constraint: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
}

const MEANINGS: Readonly<Record<string, readonly [Code, string]>> = {
  '57014': ['HF_DB_TIMEOUT', 'the server cancelled the statement'],
  '25P03': ['HF_DB_TIMEOUT', 'the transaction sat idle past its deadline and the server ended it'],
  '25P04': ['HF_DB_TIMEOUT', 'the server ended the transaction at its time limit'],
  '55P03': [
    'HF_DB_LOCK_TIMEOUT',
    'another transaction held the lock for longer than `lockTimeoutMs`',
  ],
  '40001': ['HF_DB_CONFLICT', 'a concurrent transaction changed the same rows'],
  '40P01': ['HF_DB_CONFLICT', 'a deadlock with another transaction'],
  '25006': ['HF_DB_READ_ONLY', 'the transaction is read-only, or the server is a standby'],
  '53100': ['HF_DB_FULL', 'the disk of the database is full'],
  ENOSPC: ['HF_DB_FULL', 'the disk of the database is full'],
  EDQUOT: ['HF_DB_FULL', 'the disk quota of the database is used up'],
  '28P01': ['HF_DB_UNREACHABLE', 'the server refuses the password of the user'],
  '28000': ['HF_DB_UNREACHABLE', 'the server refuses the user'],
  '3D000': ['HF_DB_UNREACHABLE', 'the server has no database of this name'],
  '53300': ['HF_DB_UNREACHABLE', 'the server has no free connection'],
  '57P01': ['HF_DB_UNREACHABLE', 'an administrator ended the connection'],
  '57P02': ['HF_DB_UNREACHABLE', 'the server crashed'],
  '57P03': ['HF_DB_UNREACHABLE', 'the server is starting or stopping'],
  '57P04': ['HF_DB_UNREACHABLE', 'the database was dropped'],
  '57P05': ['HF_DB_UNREACHABLE', 'the server ended the idle connection'],
  ECONNREFUSED: ['HF_DB_UNREACHABLE', 'nobody listens at the address'],
  ENOTFOUND: ['HF_DB_UNREACHABLE', 'the host name is unknown'],
  EAI_AGAIN: ['HF_DB_UNREACHABLE', 'the host name cannot be resolved now'],
}

/** Codes of a connection that can never be used again. */
const LOST =
  /^(08...|57P0[1-5]|25P0[34]|ECONN.*|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|E.*UNREACH|ENETDOWN|ENOENT)$/

/** Classes whose words name schema objects only; class 22, for one, quotes the offending value. */
const WORDS_WITHOUT_VALUES = /^(0A|23|25|2B|3F|42|55)/

/** The error as one of the catalogue; a HoldfastError stays what it is. */
export function databaseError(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error
  const driver = driverError(error)
  const [code, meaning] = meaningOf(driver)
  const sqlState = driver.code === '' ? '' : ` (${driver.code})`
  return new HoldfastError(code, {
    detail: `${meaning}${sqlState}`,
    particulars: particularsOf(driver),
    cause: error,
  })
}

/** True if the error says that the connection is gone: nothing more can be asked over it. */
export function isConnectionLost(error: unknown): boolean {
  const { code } = driverError(error)
  return LOST.test(code)
}

/** True if the server itself answered with this error, so that it knows what became of the statement. */
export function isAnswered(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(driverError(error).code) && !isConnectionLost(error)
}

function meaningOf(driver: DriverError): readonly [Code, string] {
  const known = MEANINGS[driver.code]
  if (known !== undefined) return known
  if (isConnectionLost(driver)) return ['HF_DB_UNREACHABLE', 'the connection broke']
  if (WORDS_WITHOUT_VALUES.test(driver.code)) return ['HF_DB_STATEMENT_FAILED', driver.message]
  if (driver.code === '')
    return ['HF_DB_STATEMENT_FAILED', 'the driver could not send it; see the cause']
  return ['HF_DB_STATEMENT_FAILED', 'the server refused it; its words are in the cause']
}

function particularsOf({ code, constraint, table, column }: DriverError): unknown {
  return {
    sqlState: /^[0-9A-Z]{5}$/.test(code) ? code : null,
    ...(constraint === undefined ? {} : { constraint }),
    ...(table === undefined ? {} : { table }),
    ...(column === undefined ? {} : { column }),
  }
}

function driverError(error: unknown): DriverError {
  const field = (name: string): string | undefined => {
    const value: unknown = error instanceof Object ? Reflect.get(error, name) : undefined
    return typeof value === 'string' ? value : undefined
  }
  return {
    code: field('code') ?? '',
    message: field('message') ?? String(error),
    constraint: field('constraint'),
    table: field('table'),
    column: field('column'),
  }
}
