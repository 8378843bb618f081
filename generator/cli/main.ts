import { Command, CommanderError } from 'commander';
import { DeviceError } from '../../firmware/transport/errors.js';
import { InputError } from '../errors.js';
import { writeError } from '../node/atomic-file.js';
import { VERSION } from '../version.js';
import { type CommandResult, Interrupted, type Register } from './command.js';
import { addAnalyze } from './commands/analyze.js';
import { addBaseline } from './commands/baseline.js';
import { addBoard } from './commands/board.js';
import { addBridge } from './commands/bridge.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addEval } from './commands/eval.js';
import { addGenerate } from './commands/generate.js';
import { addInspect } from './commands/inspect.js';
import { addLint } from './commands/lint.js';
import { addPlan } from './commands/plan.js';
import { addPorts } from './commands/ports.js';
import { addQuantize } from './commands/quantize.js';
import { addReport } from './commands/report.js';
import { addRun } from './commands/run.js';
import { addSchedule } from './commands/schedule.js';
import { addServe } from './commands/serve.js';
import { addSimulate } from './commands/simulate.js';
import { addSynth } from './commands/synth.js';

const EXIT_FAILED_CHECK = 1;
const EXIT_BAD_INPUT = 2;

function buildProgram(): Command {
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
  for (const add of [
    addInspect,
    addAnalyze,
    addPlan,
    addQuantize,
    addEval,
    addReport,
    addGenerate,
    addLint,
    addSimulate,
    addSynth,
    addSchedule,
    addBaseline,
    addBoard,
    addRun,
    addServe,
    addPorts,
    addBridge,
    addDoctor,
    addDemo,
  ]) {
    add(program, register);
  }
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

const program = buildProgram();

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
