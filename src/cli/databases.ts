/**
 * Opens the databases of a system one after the other, for commands that look into them.
 */
import { connectService } from '#adapters'
import { type Config, readConfig } from '#host'
import type { Service, System } from '#model'
import { type Database, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'

/** Runs `work` with the database of each service in turn, and closes each. */
export async function withEachDatabase<T>(
  system: System,
  work: (service: Service, database: Database) => Promise<T>,
): Promise<T[]> {
  const config: Config = readConfig(process.env, system)
  const results: T[] = []
  for (const service of system.services) {
    // oxlint-disable no-await-in-loop -- one at a time: a command must not open what it does not need yet.
    const connections = await connectService(config, service)
    const database = openDatabase(connections, {
      clock: nodeClock,
      timers: nodeTimers,
      random: nodeRandom,
    })
    try {
      results.push(await work(service, database))
    } finally {
      await database.close()
    }
    // oxlint-enable no-await-in-loop
  }
  return results
}
