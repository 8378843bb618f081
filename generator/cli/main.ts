import { Command, CommanderError } from 'commander';
import { DeviceError } from '../../firmware/transport/errors.js';
import { InputError } from '../errors.js';
import { writeError } from '../node/atomic-file.js';
import { VERSION } from '../version.js';
import { type CommandResult, Interrupted, type Register } from './command.js';

type AddCommand = (program: Command, register: Register) => void;

/** The commands in the order of the help. Most of a short command's time is that of loading its code: no other's is. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  inspect: async () => (await import('./commands/inspect.js')).addInspect,
  analyze: async () => (await import('./commands/analyze.js')).addAnalyze,
  plan: async () => (await import('./commands/plan.js')).addPlan,
  quantize: async () => (await import('./commands/quantize.js')).addQuantize,
  eval: async () => (await import('./commands/eval.js')).addEval,
  report: async () => (await import('./commands/report.js')).addReport,
  generate: async () => (await import('./commands/generate.js')).addGenerate,
  lint: async () => (await import('./commands/lint.js')).addLint,
  simulate: async () => (await import('./commands/simulate.js')).addSimulate,
  synth: async () => (await import('./commands/synth.js')).addSynth,
  schedule: async () => (await import('./commands/schedule.js')).addSchedule,
  baseline: async () => (await import('./commands/baseline.js')).addBaseline,
  board: async () => (await import('./commands/board.js')).addBoard,
  run: async () => (await import('./commands/run.js')).addRun,
  serve: async () => (await import('./commands/serve.js')).addServe,
  ports: async () => (await import('./commands/ports.js')).addPorts,
  bridge: async () => (await import('./commands/bridge.js')).addBridge,
  doctor: async () => (await import('./commands/doctor.js')).addDoctor,
  demo: async () => (await import('./commands/demo.js')).addDemo,
};

const EXIT_FAILED_CHECK = 1;
const EXIT_BAD_INPUT = 2;

/** Which commands a program knows whose first argument is this: all of them for help and for suggestions. */
function commandsFor(argument: string | undefined): readonly string[] {
  if (argument === '--version' || argument === '-V') return [];
  return argument !== undefined && Object.hasOwn(COMMANDS, argument) ? [argument] : Object.keys(COMMANDS);
}

async function buildProgram(argument: string | undefined): Promise<Command> {
  const program = new Command('sdq')
    .description('A compiler from a language model to an FPGA that runs it by adding instead of multiplying.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError(true)
    .addHelpText(
      'after',
      `
Every command takes --json: one JSON object on stdout, everything else on stderr.
Exit codes: 0 success, 1 a check failed, 2 bad usage or input, 130 Ctrl-C.

Examples:
  $ sdq demo
  $ sdq inspect examples/tiny-llama
  $ sdq plan examples/tiny-llama --osr 2.5 -o plan.json
  $ sdq quantize examples/tiny-llama --plan plan.json -o weights.sdq
  $ sdq generate --plan plan.json -o build/
  $ sdq simulate build/ --model examples/tiny-llama --weights weights.sdq --prompt "Once" --tokens 16`,
    );
  const register: Register = (command, action) => {
    command.option('--json', 'print one JSON object on stdout');
    command.action(async (...args: unknown[]) => {
      const result = await (action as (...args: unknown[]) => Promise<CommandResult> | CommandResult)(...args);
      const text = command.opts().json ? JSON.stringify(result.json) : result.text;
      if (text) process.stdout.write(`${text}\n`);
      if (result.passed === false) process.exitCode = EXIT_FAILED_CHECK;
      await result.after?.();
    });
  };
  for (const name of commandsFor(argument)) (await COMMANDS[name]!())(program, register);
  return program;
}

/** A message on one line, without the control characters that an excerpt of a damaged file may bring to a terminal. */
function oneLine(message: string): string {
  return message.trim().replace(/[\s\p{Cc}]+/gu, ' ');
}

/** One sentence for people; a stack trace only for what should never happen, and only when asked for. */
function report(error: unknown, program: Command): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') {
      process.stderr.write('sdq: name a command (see "sdq --help")\n');
      return EXIT_BAD_INPUT;
    }
    const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    const command = program.commands.find((candidate) => candidate.name() === process.argv[2]);
    process.stderr.write(`sdq: ${message} (see "sdq ${command ? `${command.name()} ` : ''}--help")\n`);
    return EXIT_BAD_INPUT;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sdq: ${oneLine(message)}\n`);
  if (process.env.SDQ_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof Interrupted) return error.exitCode;
  // What the operating system refuses, such as a folder for temporary files, is no defect either.
  const expected = error instanceof InputError || error instanceof DeviceError || 'syscall' in Object(error);
  if (!expected && !process.env.SDQ_DEBUG) {
    process.stderr.write('sdq: this is a defect of sdq; set SDQ_DEBUG=1 to see where it happened\n');
  }
  return EXIT_BAD_INPUT;
}

const program = await buildProgram(process.argv[2]);

// A reader that has seen enough, such as head, closes the pipe: no reason to complain.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? process.exitCode : report(writeError('standard output', error), program)),
);
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error, program);
}
