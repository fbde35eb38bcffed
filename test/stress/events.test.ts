import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshPostgresUrl } from '../support/databases.ts'
import { stressEvents } from './events.ts'

test('S1 to S4: under stress no event is lost, doubled, made up or out of order', async () => {
  const { lost, twice, ghosts, inversions, rolledBack } = await stressEvents({
    url: await freshPostgresUrl(),
    name: 'short_stress',
    events: 1_500,
    keys: 10,
    writers: 16,
    pauseMsMax: 8,
    failShare: 0.05,
    savepoints: true,
    lostShare: 0.02,
    restartMs: 300,
    heldOpen: true,
  })

  assert.deepEqual(
    { lost, twice, ghosts, inversions },
    { lost: 0, twice: 0, ghosts: 0, inversions: 0 },
  )
  assert.ok(rolledBack > 0, 'some transactions were rolled back')
})
