/**
 * Job queues on PostgreSQL as carriers of events, each in its fastest documented setting that still
 * commits the job with the business row. The effect is written once by an inbox, as everywhere.
 */
import { Client, Pool } from 'pg'

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

  async 'pg-transactional-outbox'({ source, target }, onEffect) {
    const outbox = await import('pg-transactional-outbox')
    const config = outboxConfig(source)
    const owner = new Client({ connectionString: source })
    await owner.connect()
    const { DatabaseSetup } = outbox
    const setup = outboxSetup(source, config)
    await owner.query(DatabaseSetup.dropAndCreateTable(setup))
    await owner.query(DatabaseSetup.createPollingFunction(setup))
    await owner.query(DatabaseSetup.setupPollingIndexes(setup))
    await owner.end()
    const effect = effects(target, onEffect)
    const silent = outbox.getDisabledLogger()
    const handle = async ({ payload }) => effect(payload.orderId)
    outbox.initializePollingMessageListener(config, { handle }, silent)
    const store = outbox.initializeMessageStorage(config, silent)
    const senders = new Pool({ connectionString: source, max: SENDERS })
    return {
      send: (orderId) =>
        together(senders, async (client) => {
          await client.query({ name: 'order', text: ORDER, values: [orderId] })
          await store(
            {
              ...OUTBOX_MESSAGE,
              id: orderId,
              aggregateId: orderId,
              payload: { orderId },
              createdAt: '2026-01-01T00:00:00.000Z',
            },
            client,
          )
        }),
    }
  },

  async dbos({ source, target }, onEffect) {
    const { DBOS, DBOSClient } = await import('@dbos-inc/dbos-sdk')
    DBOS.setConfig({ name: 'bench', systemDatabaseUrl: source, logLevel: 'error' })
    const effect = effects(target, onEffect)
    DBOS.registerWorkflow((orderId) => effect(orderId), { name: 'placed' })
    await DBOS.launch()
    await DBOS.registerQueue('orders', { workerConcurrency: 100, minPollingIntervalMs: 10 })
    const client = await DBOSClient.create({ systemDatabaseUrl: source })
    const senders = new Pool({ connectionString: source, max: SENDERS })
    const job = { workflowName: 'placed', queueName: 'orders' }
    return {
      send: (orderId) =>
        together(senders, async (session) => {
          await session.query({ name: 'order', text: ORDER, values: [orderId] })
          await client.enqueueInTransaction(session, job, orderId)
        }),
    }
  },
}

const OUTBOX_MESSAGE = { aggregateType: 'order', messageType: 'placed', concurrency: 'parallel' }

function outboxConfig(source) {
  const { hostname, port, username, password, pathname } = new URL(source)
  const where = {
    host: hostname,
    port: Number(port),
    user: username,
    password,
    database: pathname.slice(1),
    max: SENDERS + 4,
  }
  const settings = {
    dbSchema: 'public',
    dbTable: 'outbox',
    nextMessagesFunctionName: 'next_outbox',
    nextMessagesFunctionSchema: 'public',
    nextMessagesBatchSize: 50,
    nextMessagesPollingIntervalInMs: 10,
    enableMaxAttemptsProtection: false,
    enablePoisonousMessageProtection: false,
  }
  return { outboxOrInbox: 'outbox', dbListenerConfig: where, dbHandlerConfig: where, settings }
}

function outboxSetup(source, { settings }) {
  const { username, pathname } = new URL(source)
  return {
    outboxOrInbox: 'outbox',
    database: pathname.slice(1),
    schema: settings.dbSchema,
    table: settings.dbTable,
    listenerRole: username,
    handlerRole: username,
    nextMessagesName: settings.nextMessagesFunctionName,
    nextMessagesSchema: settings.nextMessagesFunctionSchema,
  }
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
