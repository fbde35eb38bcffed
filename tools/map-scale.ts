/**
 * `node --conditions=holdfast-src tools/map-scale.ts [file.svg]`: the map of a large company, measured.
 *
 * A thousand services of 24 teams, about five thousand calls between them, most within a team. Prints
 * the CPU time of the arithmetic, the text and the drawing, and the most memory; exits with 1 if
 * arithmetic and text take more than 2 s of it, or all together more than 500 MB.
 */
import { writeFileSync } from 'node:fs'
import { mapOf, svgOf, textOf } from '#map'
import type { System } from '#model'
import { diceFrom } from '../src/map/dice.ts'
import { type Plan, planned } from '../test/support/map-systems.ts'

const SERVICES = 1_000
const TEAMS = 24
const CPU_MS_MAX = 2_000
const MEGABYTES_MAX = 500

/** Services that call others after them: eight nearby ones, and now and then one far away. */
function company(): System {
  const dice = diceFrom(7)
  const teamOf = (index: number): number => Math.floor((index * TEAMS) / SERVICES)
  const below = (index: number, range: number): number => index + 1 + Math.floor(dice() * range)
  const plan: Plan = Object.fromEntries(
    Array.from({ length: SERVICES }, (_, index) => {
      const near = Array.from({ length: 8 }, () => below(index, 24)).filter(
        (each) => teamOf(each) === teamOf(index),
      )
      const far = dice() < 0.15 ? [below(index, 120)] : []
      const targets = [...near, ...far].filter((each) => each < SERVICES)
      const service = {
        calls: Object.fromEntries(targets.map((each) => [`s${each}`, { retry: 2 as const }])),
        hears: index % 9 === 8 ? [`s${index - 1}`] : [],
        team: `t${teamOf(index)}`,
        ...(index % 10 === 0 ? { route: `GET /s${index}` as const } : {}),
      }
      return [`s${index}`, service]
    }),
  )
  return planned(plan)
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}

const system = company()
const began = process.cpuUsage()
const map = mapOf(system)
const lines = textOf(map)
const toldMs = cpuMs(began)
const svg = svgOf(map)
const drawnMs = cpuMs(began)
const megabytes = process.resourceUsage().maxRSS / 1_024

process.stdout.write(
  `${map.graph.services.length} services, ${map.calls.length} calls, ${map.paths.length} paths: ` +
    `arithmetic and ${lines.length} lines of text ${toldMs.toFixed(0)} ms of CPU, ` +
    `drawing ${(drawnMs - toldMs).toFixed(0)} ms, at most ${megabytes.toFixed(0)} MB in all\n`,
)
const [, , file] = process.argv
if (file !== undefined) writeFileSync(file, svg)
if (toldMs > CPU_MS_MAX || megabytes > MEGABYTES_MAX) process.exitCode = 1
