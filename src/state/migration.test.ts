import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { checksumOf, parseMigrations } from './migration.ts'

const refusal = (pattern: RegExp) => (error: unknown) =>
  isHoldfastError(error, 'HF_MIGRATION_INVALID') && pattern.test(error.message)

test('files become migrations in the order of their numbers, whatever else lies in the folder', () => {
  const migrations = parseMigrations([
    { fileName: '0010_ten.sql', text: 'select 10' },
    { fileName: 'README.md', text: 'words' },
    { fileName: '0002_two-and_half.sql', text: 'select 2' },
  ])

  assert.deepEqual(migrations, [
    { number: 2, name: 'two-and_half', sql: 'select 2' },
    { number: 10, name: 'ten', sql: 'select 10' },
  ])
})

test('every file with a wrong name is named', () => {
  const files = ['1_a.sql', '0001 b.sql', '0002_fine.sql'].map((fileName) => ({
    fileName,
    text: '',
  }))

  assert.throws(() => parseMigrations(files), refusal(/1_a\.sql, 0001 b\.sql/))
})

test('a number used twice is refused with both files', () => {
  const files = ['0001_a.sql', '0001_b.sql'].map((fileName) => ({ fileName, text: '' }))

  assert.throws(() => parseMigrations(files), refusal(/0001_a\.sql and 0001_b\.sql/))
})

test('number 0 is refused', () => {
  assert.throws(
    () => parseMigrations([{ fileName: '0000_a.sql', text: '' }]),
    refusal(/between 1 and/),
  )
})

test('the checksum does not see how a checkout ends its lines', () => {
  const [unix, windows, other] = ['a;\nb;\n', 'a;\r\nb;\r\n', 'a;\nc;\n'].map((sql) =>
    checksumOf({ number: 1, name: 'a', sql }),
  )

  assert.equal(unix, windows)
  assert.notEqual(unix, other)
})
