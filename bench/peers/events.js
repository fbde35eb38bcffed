/**
 * Job queues on PostgreSQL as carriers of events, each in its fastest documented setting that still
 * commits the job with the business row. The effect is written once by an inbox, as everywhere.
 */
import { Pool } from 'pg'

const SENDERS = 16
const ORDER = "insert into orders values ($1, 'ada', 500)"
const EFFECT = `with fresh as (
  insert into inbox values ($1) on conflict do nothing returning event_id)
  insert into shipments select event_id from fresh`

export const pipes = {
  async 'graphile-worker'({ source, target }, onEffect) {
    const { Logger, run, runMigrations } = await import('graphile-worker')
    const logger = new Logger(() => () => {})
    await runMigrations({ connectionString: source, logger })
    const effect = effects(target, onEffect)
    const worker = { localQueue: { size: 500 }, completeJobBatchDelay: 0 }
    await run({
      connectionString: source,
      noHandleSignals: true,
      logger,
      preset: { worker: { ...worker, concurrentJobs: SENDERS, maxPoolSize: SENDERS + 4 } },
      taskList: { placed: ({ orderId }) => effect(orderId) },
    })
    const senders = new Pool({ connectionString: source, max: SENDERS })
    const job = "select graphile_worker.add_job('placed', $1::json)"
    return {
      send: (orderId) =>
        together(senders, async (client) => {
          await client.query({ name: 'order', text: ORDER, values: [orderId] })
          await client.query({ name: 'job', text: job, values: [JSON.stringify({ orderId })] })
        }),
    }
  },

  async 'pg-boss'({ source, target }, onEffect) {
    const { PgBoss } = await import('pg-boss')
    const boss = new PgBoss({ connectionString: source, max: 20, useListenNotify: true })
    boss.on('error', (error) => console.error(error.message))
    await boss.start()
    await boss.createQueue('placed', { notify: true })
    const effect = effects(target, onEffect)
    const settings = {
      batchSize: 100,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
      localConcurrency: 2,
    }
    await boss.work('placed', settings, (jobs) =>
      Promise.all(jobs.map(({ data }) => effect(data.orderId))),
    )
    const senders = new Pool({ connectionString: source, max: SENDERS })
    return {
      send: (orderId) =>
        together(senders, async (client) => {
          await client.query({ name: 'order', text: ORDER, values: [orderId] })
          const db = { executeSql: (text, values) => client.query(text, values) }
          await boss.send('placed', { orderId }, { db })
        }),
    }
  },
}

function effects(target, onEffect) {
  const pool = new Pool({ connectionString: target, max: SENDERS })
  return async (orderId) => {
    await pool.query({ name: 'effect', text: EFFECT, values: [orderId] })
    onEffect()
  }
}

async function together(pool, work) {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await work(client)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
