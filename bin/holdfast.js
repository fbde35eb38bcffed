#!/usr/bin/env node
/**
 * Starts the published command line, or says in one sentence why it cannot start here.
 *
 * Written so that an old Node can read it: the version is asked before anything else is loaded.
 */
const NODE_MAJOR_MIN = 24
const major = Number(process.versions.node.split('.')[0])

if (major < NODE_MAJOR_MIN) {
  console.error(
    `holdfast needs Node ${NODE_MAJOR_MIN} or later, and this is ${process.versions.node} ` +
      `(${process.execPath}).\nInstall it from https://nodejs.org, or run: npm install --save-dev node@${NODE_MAJOR_MIN}`,
  )
  process.exitCode = 3
} else {
  await import('../dist/cli/main.js')
}
