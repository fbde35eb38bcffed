/**
 * `holdfast`: one command line over all of it.
 *
 * Exit codes: 0 the answer is good, 1 it is bad (a violation, a dead letter that stayed), 2 the
 * command line was wrong, 3 the environment is (no database, a taken port). `--json` prints one
 * object, or one a line for commands that run on. Nothing here prints a stack trace for a mistake.
 *
 * Each command is loaded when it is called: `dev` does not wait for the simulator to load.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { reportFailure } from './output.ts'

const WITH_JSON = ['--json', 'print JSON for programs'] as const
const FOLDER = ['[folder]', 'folder with a system.ts', '.'] as const
const ONE_EDGE = ['--edge <name>', "only this edge, such as 'orders>inventory'"] as const

function program(): Command {
  const cli = new Command('holdfast')
    .description('Every arrow between your services, declared, enforced and broken on purpose.')
    .version(version())
  running(cli)
  breaking(cli)
  drawing(cli)
  for (const each of withSubcommands(cli)) {
    each.exitOverride().showHelpAfterError('See holdfast --help.')
  }
  return cli
}

function running(cli: Command): void {
  cli
    .command('dev')
    .description('run all services of a system, with embedded databases unless DATABASE_URL is set')
    .argument(...FOLDER)
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./dev.ts')).dev(folder, options))
  cli
    .command('migrate')
    .description('apply the migrations of every service, and print what was applied')
    .argument(...FOLDER)
    .option('--dry-run', 'only print what would be applied')
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./migrate.ts')).migrateAll(folder, options))
  const dead = cli.command('dead').description('events that were given up')
  dead
    .command('list')
    .description('print the dead letters of every service')
    .argument(...FOLDER)
    .option(...ONE_EDGE)
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./dead.ts')).deadList(folder, options))
  dead
    .command('redrive')
    .description('let dead letters be delivered again, in their order')
    .argument(...FOLDER)
    .option(...ONE_EDGE)
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./dead.ts')).deadRedrive(folder, options))
}

function breaking(cli: Command): void {
  cli
    .command('sim')
    .description('hunt for failures: run the services in simulated worlds, one for each seed')
    .argument(...FOLDER)
    .option('--seeds <count>', 'how many seeds to try', '100')
    .option('--first <seed>', 'the first seed', '1')
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./sim.ts')).sim(folder, options))
  cli
    .command('replay')
    .description('run one seed again and print every step')
    .argument('<seed>')
    .argument(...FOLDER)
    .option(...WITH_JSON)
    .action(async (seed, folder, options) =>
      (await import('./replay.ts')).replay(seed, folder, options),
    )
  cli
    .command('check')
    .description('judge the history of a run')
    .command('linearizable')
    .description('exit 0: linearizable, 1: not, with the part that shows it, 2: unknown')
    .argument('<file>', 'a history')
    .requiredOption('--format <name>', 'jepsen-register, kv, or json: one operation a line')
    .option('--steps <count>', 'give up after so many steps')
    .option('--megabytes <count>', 'give up beyond so much memory')
    .option(...WITH_JSON)
    .action(async (file, options) =>
      (await import('./check.ts')).checkLinearizability(file, options),
    )
}

function drawing(cli: Command): void {
  cli
    .command('map')
    .description('draw the system with its numbers; exit with 1 if it is over a limit')
    .argument(...FOLDER)
    .option(...WITH_JSON)
    .option('--mermaid', 'print a Mermaid flowchart')
    .option('--svg <file>', 'write a drawing')
    .option('--observed <files...>', 'logs of a running system, to draw beside what is declared')
    .option('--assume <percent...>', 'how often parts are up: 99.9, or provider=99.5')
    .option('--rate <count>', 'requests a second on each way in')
    .option('--max-amplification <count>', 'requests that one request may become')
    .option('--max-latency <duration>', 'longest wait for neighbours on a path, such as 2s')
    .option('--max-depth <count>', 'calls that may stand on each other')
    .option('--require-availability <percent>', 'least availability of a path, such as 99.9')
    .action(async (folder, options) => (await import('./map.ts')).map(folder, options))
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((each) => withSubcommands(each))]
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version: text }: { readonly version: string } = JSON.parse(manifest)
  return text
}

// A reader that went away (`holdfast dev | head`) ends the output, not the work.
process.stdout.on('error', () => undefined)

try {
  await program().parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) usage(error)
  else reportFailure(error, process.argv.includes('--json'))
}

/** Commander has said what was wrong; what is left is to end badly, unless help was asked for. */
function usage(error: CommanderError): void {
  if (error.exitCode !== 0) process.exitCode = 2
}
