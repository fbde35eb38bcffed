/**
 * Preloaded into every service that is started: tells its parent what it has used, when it is asked.
 */
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss() })
})
process.on('disconnect', () => process.exit(0))
