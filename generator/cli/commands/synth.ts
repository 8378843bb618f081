import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { readBuildFolder } from '../../../sim/harness/node/simulator.js';
import { loadBoard } from '../../boards/node/load.js';
import { estimateBuild } from '../../synth/estimate-build.js';
import { chooseImplementer, type Implementation, implement, routedBoard } from '../../synth/node/implement.js';
import { provide } from '../../synth/node/provide.js';
import { listModules, type SynthesisJob, synthesize } from '../../synth/node/synthesize.js';
import { Log } from '../../synth/node/yosys.js';
import { programCommand } from '../../synth/place-route.js';
import { TARGETS, type Target } from '../../synth/targets.js';
import { YOSYS } from '../../synth/tools.js';
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
    .option('--pnr', "place and route too: the clock rate, and a bitstream if the target is the board's")
    .addHelpText(
      'after',
      `
Yosys, and nextpnr for ice40, are fetched with npm as WebAssembly builds on first use where they are not installed.
The tools' log goes to synth-<family>.log in the build folder. Exit code 1 if the design cannot be placed and routed, or
misses the clock of its board.

Examples:
  $ sdq synth build/ --target ecp5
  $ sdq synth build/ --target ice40 --pnr --json`,
    );
  register(command, synth);
}

/** Synthesises a build folder. */
export async function synth(path: string, { target, pnr }: SynthOptions): Promise<CommandResult> {
  const build = readBuildFolder(userPath(path));
  const board = loadBoard(build.plan.board, build.plan.placement);
  const placed = routedBoard({ board, target });

  const log = new Log(join(build.path, `synth-${target}.log`));
  const started = Date.now();
  const progress = startProgress(`Synthesising for ${target}`);
  try {
    const job: Omit<SynthesisJob, 'signal' | 'yosys'> = {
      folder: build.path,
      verilog: build.verilog,
      boardVerilog: build.board,
      board,
      target,
      log,
      progress: progress.update,
    };
    const { top, total, cells, array, yosys, implementer, placement } = await interruptible(async (signal) => {
      const from = { find: findTool, say: progress.note, signal };
      const implementer = pnr ? await chooseImplementer(target, placed !== null, from) : null;
      const yosys = await provide(YOSYS, from);
      const stoppable = { ...job, yosys, signal };
      const modules = await listModules(stoppable);
      const synthesis = await synthesize(stoppable, modules, implementer !== null);
      return {
        ...synthesis,
        yosys,
        implementer,
        placement: implementer ? await implement(stoppable, implementer) : null,
      };
    });
    const bitstream = placement?.bitstream ? join(build.path, placement.bitstream) : null;
    const program = placed && bitstream ? programCommand(placed, `${build.path}/`) : null;
    const macsPerClock = build.plan.array.lanes * build.plan.array.rows;
    const seconds = (Date.now() - started) / 1000;
    const estimated = estimateBuild(build.plan, board, target);
    const json = {
      target,
      top,
      ...total,
      estimate: estimated,
      macsPerClock,
      lutsPerMac: array.luts / macsPerClock,
      fmaxMHz: placement?.fmaxMHz ?? null,
      ...(placement?.problem && { problem: placement.problem }),
      bitstream,
      program,
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
      table([
        ['', 'estimated', 'counted', 'difference'],
        comparison('LUTs', estimated.luts, total.luts),
        comparison('block RAMs', estimated.brams, total.brams),
      ]),
      '',
      `${json.lutsPerMac.toFixed(2)} LUTs per addition: ${array.luts} LUTs of array and decoder for ${macsPerClock} per clock`,
      ...placementText(placement, placed ? `board ${board.name}` : `${implementer?.part.name}, without a board's pins`),
      ...(program === null ? [] : [`Program it with: ${program}`]),
      `Log: ${log.path} (${duration(seconds)})`,
    ];
    return { json, text: text.join('\n'), passed: placement?.problem == null };
  } finally {
    progress.stop();
    log.close();
  }
}

/** A row of estimate and count; the difference is a share of the estimate. */
function comparison(name: string, estimated: number, counted: number): string[] {
  const percent = (100 * (counted - estimated)) / estimated;
  return [name, String(estimated), String(counted), `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`];
}

function placementText(placement: Implementation | null, where: string): string[] {
  if (placement === null) return ['add --pnr for the clock rate'];
  return [placement.problem ?? `${placement.fmaxMHz} MHz on ${where}`];
}
