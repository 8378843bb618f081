import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { loadBoard } from '../../boards/node/load.js';
import { chooseRouter, clockRate } from '../../synth/node/clock-rate.js';
import { listModules, type SynthesisJob, synthesize } from '../../synth/node/synthesize.js';
import { chooseYosys, Log } from '../../synth/node/yosys.js';
import { routerOf } from '../../synth/place-route.js';
import { TARGETS, type Target } from '../../synth/targets.js';
import type { CommandResult, Register } from '../command.js';
import { findTool } from '../find-tool.js';
import { interruptible } from '../interrupt.js';
import { duration, startProgress, table } from '../progress.js';
import { userPath } from '../values.js';

interface SynthOptions {
  readonly target: Target;
  readonly pnr?: boolean;
}

export function addSynth(program: Command, register: Register): void {
  const command = program
    .command('synth')
    .argument('<build>', 'folder from "sdq generate"')
    .description('synthesise the generated Verilog with Yosys and count what it takes of an FPGA')
    .addOption(new Option('--target <family>', 'FPGA family').choices(TARGETS).makeOptionMandatory())
    .option('--pnr', 'place and route too, for the clock rate (needs nextpnr; ice40 and ecp5)')
    .addHelpText(
      'after',
      `
Yosys' log goes to synth-<family>.log in the build folder. Exit code 1 if the design cannot be placed and routed.

Examples:
  $ sdq synth build/ --target ecp5
  $ sdq synth build/ --target ice40 --pnr --json`,
    );
  register(command, synth);
}

/** Synthesises a build folder. */
export async function synth(path: string, { target, pnr }: SynthOptions): Promise<CommandResult> {
  const build = readBuildFolder(userPath(path));
  const board = loadBoard(build.plan.board);
  const yosys = chooseYosys(findTool('yosys'));
  const router = pnr ? routerOf(target) : null;
  const nextpnr = pnr ? chooseRouter(router, target, findTool) : null;

  const log = new Log(join(build.path, `synth-${target}.log`));
  const started = Date.now();
  const progress = startProgress(`Synthesising for ${target}`);
  try {
    const job: Omit<SynthesisJob, 'signal'> = {
      folder: build.path,
      verilog: build.verilog,
      family: board.family,
      target,
      yosys,
      log,
      progress: progress.update,
    };
    const { top, total, cells, array, rate } = await interruptible(async (signal) => {
      const stoppable = { ...job, signal };
      const modules = await listModules(stoppable);
      const synthesis = await synthesize(stoppable, modules);
      const rated = router && nextpnr ? await clockRate(stoppable, modules, router, nextpnr, board.clockHz) : null;
      return { ...synthesis, rate: rated };
    });
    const macsPerClock = build.plan.array.lanes * build.plan.array.rows;
    const seconds = (Date.now() - started) / 1000;
    const json = {
      target,
      top,
      ...total,
      macsPerClock,
      lutsPerMac: array.luts / macsPerClock,
      fmaxMHz: rate?.fmaxMHz ?? null,
      ...(rate?.problem && { problem: rate.problem }),
      array,
      cells,
      planHash: build.planHash,
      yosys: yosys.name,
      log: log.path,
      seconds,
    };
    const rows = [
      ['', 'LUTs', 'of these LUT-RAM', 'flip-flops', 'block RAMs', 'DSPs'],
      ...(
        [
          [top, total],
          ['array and decoder', array],
        ] as const
      ).map(([name, r]) => [name, ...[r.luts, r.lutRams, r.ffs, r.brams, r.dsps].map(String)]),
    ];
    const text = [
      table(rows),
      '',
      `${json.lutsPerMac.toFixed(2)} LUTs per addition: ${array.luts} LUTs of array and decoder for ${macsPerClock} per clock`,
      rate
        ? (rate.problem ?? `${rate.fmaxMHz} MHz on ${router?.part}, without a board's pins`)
        : 'add --pnr for the clock rate',
      `Log: ${log.path} (${duration(seconds)})`,
    ];
    return { json, text: text.join('\n'), passed: rate?.problem == null };
  } finally {
    progress.stop();
    log.close();
  }
}
