/** The decoder's units for stories260K, synthesised one by one, beside what the cost model says of them. */

import type { ModelConfig } from '../../generator/model/types.js';
import { planLinears } from '../../generator/plan/build-plan.js';
import { attentionParameters } from '../../generator/schedule/attention.js';
import { compileProgram, modelOfPlan } from '../../generator/schedule/compile.js';
import { memoryParameters, sequencerParameters, vectorRamParameters } from '../../generator/schedule/hardware.js';
import { assemble } from '../../generator/schedule/instructions.js';
import { type MachineWidths, machineOf } from '../../generator/schedule/machine.js';
import { decoderResources } from '../../generator/schedule/resources.js';
import { vectorConstants, vectorParameters } from '../../generator/schedule/vector.js';
import { fabricOf, type Resources, type Target } from '../../generator/synth/targets.js';
import { FABRICS, type ModuleParameters, synthesizeModule } from './synthesis.js';

/** The shape of the models that llama2.c trains on TinyStories. */
export const STORIES = {
  architecture: 'llama',
  tiedHead: true,
  normBefore: true,
  finalNorm: true,
  normEps: 1e-5,
  biases: false,
  rope: { theta: 10000, linearFactor: 1, llama3: null },
  bos: 1,
  eos: [2],
} as const satisfies Partial<ModelConfig>;

export const STORIES260K: ModelConfig = {
  ...STORIES,
  name: 'stories260K',
  dim: 64,
  hidden: 172,
  layers: 5,
  heads: 8,
  kvHeads: 4,
  headDim: 8,
  vocab: 512,
  context: 256,
  embedDim: 64,
};

/** Sizes at which the cost model is compared with synthesis. */
export const DECODER_SIZES: readonly { readonly target: Target; readonly widths: MachineWidths }[] = (
  [
    ['ecp5', 2, 4],
    ['ecp5', 4, 8],
    ['ecp5', 8, 8],
    ['xilinx', 2, 4],
    ['xilinx', 4, 8],
  ] as const
).map(([target, values, attention]) => ({ target, widths: { values, attention, drain: 1, banks: 1 } }));

/** What the cost model predicts. */
export type PredictedResources = Pick<Resources, 'luts' | 'brams' | 'dsps'>;

export interface SynthesizedDecoder {
  readonly units: Readonly<Record<string, Resources>>;
  readonly measured: Resources;
  readonly predicted: PredictedResources;
}

/** The modules with their parameters that the cost model's numbers are of. */
function decoderUnits(widths: MachineWidths) {
  const options = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' } as const;
  const plan = { model: STORIES260K, linears: planLinears(STORIES260K, options, () => 2) };
  const machine = machineOf(plan, widths);
  const program = compileProgram(modelOfPlan(plan), machine);
  const assembly = assemble(program, machine, plan);
  const units: Readonly<Record<string, ModuleParameters>> = {
    sdq_vector_unit: { ...vectorParameters(machine, plan), ...vectorConstants(machine) },
    sdq_attention: attentionParameters(machine, assembly.encoding),
    sdq_decoder_sequencer: sequencerParameters(assembly, program, machine, plan),
    sdq_decoder_memories: memoryParameters(assembly, machine),
    sdq_vector_ram: vectorRamParameters(machine),
  };
  return { plan, machine, units };
}

/** Synthesises the units, one after the other. */
export async function synthesizeDecoder(
  widths: MachineWidths,
  target: Target,
  root = '.',
): Promise<SynthesizedDecoder> {
  const { plan, machine, units } = decoderUnits(widths);
  const parts: Record<string, Resources> = {};
  for (const [name, parameters] of Object.entries(units)) {
    parts[name] = await synthesizeModule(name, parameters, target, '', root);
  }
  const sum = (key: keyof Resources): number => Object.values(parts).reduce((total, part) => total + part[key], 0);
  const { luts, brams, multipliers } = decoderResources(plan, machine, {
    ...FABRICS[target],
    family: target,
    blockRam: { ...fabricOf(target).blockRam, count: null },
    memoryBits: Number.POSITIVE_INFINITY,
    lutBudget: Number.POSITIVE_INFINITY,
    luts: null,
    multipliers: null,
  });
  return {
    units: parts,
    measured: { luts: sum('luts'), lutRams: sum('lutRams'), ffs: sum('ffs'), brams: sum('brams'), dsps: sum('dsps') },
    predicted: { luts, brams, dsps: multipliers },
  };
}
