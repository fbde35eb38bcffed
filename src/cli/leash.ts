/**
 * Preloaded into a stand-in: ends it when the process that started it is gone, even by `kill -9`.
 */
process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()
