import { existsSync, rmSync } from 'node:fs';
import type { Command } from 'commander';
import { loadBoard } from '../../boards/node/load.js';
import { CORES, type DecoderFacts, type GenerateResult, generate } from '../../emit/node/generate.js';
import { planHash } from '../../plan/hash.js';
import { readPlan } from '../../plan/node/read-plan.js';
import type { PlacedMemory } from '../../schedule/placement.js';
import type { TokenBound } from '../../sizing/bound.js';
import type { CommandResult, Register } from '../command.js';
import { table } from '../progress.js';
import { outputFolder, userPath } from '../values.js';

const BOUNDS = { lanes: 'the lanes', memory: 'the memory', link: 'the host link' } as const;

export function addGenerate(program: Command, register: Register): void {
  const command = program
    .command('generate')
    .description('write the Verilog of the accelerator that a plan describes')
    .requiredOption('--plan <file>', 'plan file from "sdq plan"')
    .requiredOption('-o, --output <folder>', 'folder to write (build/)')
    .addHelpText('after', '\nExample:\n  $ sdq generate --plan plan.json -o build/');
  register(command, generateVerilog);
}

export function generateVerilog(options: { plan: string; output: string }): CommandResult {
  const plan = readPlan(userPath(options.plan));
  const folder = outputFolder(options.output);
  const isNew = !existsSync(folder);
  let result: GenerateResult;
  try {
    result = generate(plan, planHash(plan), folder);
  } catch (error) {
    // A disk that became full must not leave a part of a build.
    if (isNew && existsSync(folder)) rmSync(folder, { recursive: true });
    throw error;
  }
  const { luts, brams, cyclesPerToken, tokensPerSecond } = result.estimate;
  const { roofline, decoder } = result;
  const { clockHz } = loadBoard(plan.board, plan.placement);
  const modules = result.files.filter((file) => file.startsWith(`${CORES}/`));
  return {
    json: { ...result, bound: roofline?.bound ?? null },
    text: [
      `  ${CORES}/ with ${modules.length} files`,
      ...result.files.filter((file) => !modules.includes(file)).map((file) => `  ${file}`),
      `Wrote ${result.files.length} files to ${options.output}, top module ${result.top}, plan ${result.planHash}.`,
      ...(decoder === null ? [] : memoryTable(decoder.memories)),
      `Estimate: ${luts} LUTs, ${brams} block RAMs, ${cyclesPerToken} cycles per token${decoder === null ? ' in simulation' : ''}, at most ${tokensPerSecond.toFixed(1)} tokens per second on the board at ${clockHz / 1e6} MHz.`,
      ...(roofline === null ? [] : [boundText(roofline)]),
      ...(decoder === null ? [] : [decoderText(decoder)]),
    ].join('\n'),
  };
}

const boundText = ({ bound, lanes, memory, link }: TokenBound): string =>
  `Bound by ${BOUNDS[bound]}: a token needs ${lanes} cycles of the array, ${memory} of the memory, ${link} of the host link.`;

function decoderText({ widths, multipliers, cyclesAt }: DecoderFacts): string {
  const cycles = cyclesAt.map(({ position, cycles }) => `${cycles} at position ${position}`);
  return (
    `Decoder: ${widths.values} elements per cycle, ${widths.attention} products per cycle of attention, ` +
    `${multipliers} multipliers; cycles per token: ${cycles.join(', ')}.`
  );
}

function memoryTable(memories: readonly PlacedMemory[]): string[] {
  const rows = memories.map(({ use, name, words, width, place, rams }) => [
    name,
    use,
    String(words),
    String(width),
    ((words * width) / 1024).toFixed(1),
    place,
    String(rams),
  ]);
  return [table([['memory', 'for', 'words', 'bits', 'Kbit', 'lies in', 'RAMs'], ...rows]), ''];
}
