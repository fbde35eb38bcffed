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
const SUBJECT = [
  '[path]',
  'folder with a system.ts, or any program with a .sim.ts beside it',
  '.',
] as const
const ONE_EDGE = ['--edge <name>', "only this edge, such as 'orders>inventory'"] as const
const ONE_CODE = ['--code <code>', 'only what failed with it, such as HF_HANDLER_FAILED'] as const

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
  deadLetters(cli.command('dead').description('events that were given up'))
}

function deadLetters(dead: Command): void {
  dead
    .command('list')
    .description('print the dead letters of every service by their causes; exit with 1 if any')
    .argument(...FOLDER)
    .option(...ONE_EDGE)
    .option(...ONE_CODE)
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./dead.ts')).deadList(folder, options))
  dead
    .command('show')
    .description('print one dead letter with its payload')
    .argument('<id>')
    .argument(...FOLDER)
    .option(...WITH_JSON)
    .action(async (id, folder, options) =>
      (await import('./dead.ts')).deadShow(id, folder, options),
    )
  dead
    .command('redrive')
    .description(
      'let dead letters be delivered again, in their order; without --yes, only say which',
    )
    .argument(...FOLDER)
    .option(...ONE_EDGE)
    .option(...ONE_CODE)
    .option('--id <id>', 'only this one')
    .option('--reason <words>', 'why they may succeed now; kept with your name')
    .option('--yes', 'do it')
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./dead.ts')).deadRedrive(folder, options))
  dead
    .command('skip')
    .description('go on without a dead letter; without --yes, only say what that would do')
    .argument('<id>')
    .argument(...FOLDER)
    .requiredOption('--reason <words>', 'why its effect is not needed; kept with your name')
    .option(...ONE_EDGE)
    .option('--yes', 'do it')
    .option(...WITH_JSON)
    .action(async (id, folder, options) =>
      (await import('./dead.ts')).deadSkip(id, folder, options),
    )
  dead
    .command('decisions')
    .description('print what was redriven and skipped, by whom and why')
    .argument(...FOLDER)
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./dead.ts')).deadDecided(folder, options))
}

function breaking(cli: Command): void {
  cli
    .command('sim')
    .description('hunt for failures: run the services in simulated worlds, one for each seed')
    .argument(...SUBJECT)
    .option('--seeds <count>', 'how many seeds to try', '100')
    .option('--first <seed>', 'the first seed', '1')
    .option('--workers <count>', 'processes to run them in; as many as there are cores if absent')
    .option('--mode <name>', 'random, crash-everywhere or partition-everywhere', 'random')
    .option('--with <version>', 'run an older version beside this one: git:main, git:v1.2')
    .option('--hunt <duration>', 'try new seeds for so long, such as 10m; Ctrl-C ends it')
    .option('--repeat <count>', 'run the first seed so often, in several processes, and compare')
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./sim.ts')).sim(folder, options))
  cli
    .command('replay')
    .description('run one seed again, or the token of a shrunk one, and print every step')
    .argument('<seed>')
    .argument(...SUBJECT)
    .option('--with <version>', 'the older version that took part, such as git:main')
    .option(...WITH_JSON)
    .action(async (seed, folder, options) =>
      (await import('./replay.ts')).replay(seed, folder, options),
    )
  cli
    .command('prove')
    .description('print every failure that Holdfast defeats, and the tests behind each claim')
    .argument('[failure]', 'only this one, by id or name')
    .option('--run', 'run the tests')
    .option(...WITH_JSON)
    .action(async (failure, options) => (await import('./prove.ts')).prove(failure, options))
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
    .option('--diff <revision>', 'print what differs since a git revision, for a pull request')
    .option(
      '--from-otlp <file>',
      'draw any system from an export of its traces; reads no system.ts',
    )
    .option('--team <name>', 'draw the services of one team, and whom they have to do with')
    .option('--observed <files...>', 'logs of a running system, to draw beside what is declared')
    .option('--simulate <seeds>', 'draw what so many hostile worlds show beside what is declared')
    .option('--assume <percent...>', 'how often parts are up: 99.9, or provider=99.5')
    .option('--rate <count>', 'requests a second on each way in')
    .option('--capacity <count...>', 'requests a second that a service can answer: orders=200')
    .option('--instances <count...>', 'processes of a service: orders=4')
    .option('--max-amplification <count>', 'requests that one request may become')
    .option('--max-latency <duration>', 'longest wait for neighbours on a path, such as 2s')
    .option('--max-depth <count>', 'calls that may stand on each other')
    .option('--require-availability <percent>', 'least availability of a path, such as 99.9')
    .action(async (folder, options) => (await import('./map.ts')).map(folder, options))
  cli
    .command('explain')
    .description('what happens to a call over an edge, with every number and who chose it')
    .argument('<edge>', "such as 'orders>payments' or 'orders>payments.authorize'")
    .argument(...FOLDER)
    .option(...WITH_JSON)
    .action(async (edge, folder, options) =>
      (await import('./explain.ts')).explainEdge(edge, folder, options),
    )
  cli
    .command('contracts')
    .description('say what changed contracts break, and whom; exit with 1 if somebody notices')
    .argument(...FOLDER)
    .requiredOption('--diff <revision>', 'the git revision that others still run')
    .option(...WITH_JSON)
    .action(async (folder, options) => (await import('./contracts.ts')).contracts(folder, options))
  exporting(cli.command('export').description('contracts in the languages of other tools'))
  importing(cli.command('import').description('contracts from the documents of others'))
}

function exporting(cli: Command): void {
  cli
    .command('openapi')
    .description('OpenAPI 3.1: what can be asked for')
    .argument(...FOLDER)
    .action(async (folder) => (await import('./export.ts')).exportDocument('openapi', folder))
  cli
    .command('asyncapi')
    .description('AsyncAPI 3: what is told')
    .argument(...FOLDER)
    .action(async (folder) => (await import('./export.ts')).exportDocument('asyncapi', folder))
  cli
    .command('client')
    .description('a typed client of one service over fetch, as one TypeScript file')
    .argument('<service>', 'its name')
    .argument(...FOLDER)
    .action(async (service, folder) => (await import('./export.ts')).exportClient(service, folder))
}

function importing(cli: Command): void {
  cli
    .command('openapi')
    .description('the contract of a foreign service, from its OpenAPI 3.1 document in JSON')
    .argument('<file>', 'the document')
    .option('--name <name>', 'of the contract; that of the file if absent')
    .action(async (file, options) => (await import('./import.ts')).importOpenApi(file, options))
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
