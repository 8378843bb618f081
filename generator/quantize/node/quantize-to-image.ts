import type { IntegerLayer } from '../../../sim/golden/parameters.js';
import { ACTIVATION_FRAC, RESIDUAL_FRAC } from '../../../sim/golden/parameters.js';
import { buildTables } from '../../../sim/golden/tables.js';
import { type NamedArrays, toNamedArrays } from '../../image/arrays.js';
import { kernelSamples } from '../../image/layout.js';
import { ImageWriter } from '../../image/node/writer.js';
import { isHead } from '../../model/roles.js';
import type { LayerTensors, ModelSource } from '../../model/types.js';
import type { Plan, PlanLinear } from '../../plan/types.js';
import { fourierKernel } from '../frame.js';
import { int8Matrix, integerBias, integerNorm } from '../integer-parameters.js';
import { type QuantizeModelOptions, quantizeModel } from '../quantize-model.js';
import type { Checkpoint } from './checkpoint.js';

export interface ImageResult {
  /** Size of the file. */
  readonly bytes: number;
  /** Signal-to-noise ratio over the weights of all linears together, in dB; Infinity if nothing was lost. */
  readonly snrDb: number;
}

/**
 * Quantizes a model for a plan and writes weights.sdq; the file appears when it is complete.
 * @param onLinear called after each linear with its index
 * @param checkpoint keeps what is done if the process ends early, and gives what an earlier one did
 * @throws InputError if a tensor or the file fails
 */
export function quantizeToImage(
  source: ModelSource,
  plan: Plan,
  path: string,
  options: QuantizeModelOptions,
  onLinear: (index: number, linear: PlanLinear, snrDb: number) => void = () => {},
  checkpoint: Checkpoint | null = null,
): ImageResult {
  const writer = new ImageWriter(path, plan);
  const layers: IntegerLayer[] = [];
  const biases = plan.linears.map((): Int32Array | null => null);
  // Norms and biases are taken as each layer passes, so that it is read once.
  const observed: ModelSource = {
    ...source,
    loadLayer(layer) {
      const tensors = source.loadLayer(layer);
      layers[layer] = {
        attnNorm: integerNorm(tensors.attnNorm, plan.model.dim),
        mlpNorm: integerNorm(tensors.mlpNorm, plan.model.dim),
      };
      takeBiases(plan, layer, tensors, biases);
      return tensors;
    },
  };
  let signal = 0;
  let noise = 0;
  let index = 0;
  try {
    const resumed = { ...options, finished: (known: number) => checkpoint?.result(known) ?? null };
    for (const { linear, ...result } of quantizeModel(observed, plan, resumed)) {
      writer.writeLinear(result.quantized);
      if (checkpoint !== null && index === checkpoint.finished) checkpoint.append(result);
      signal += result.signal;
      noise += result.noise;
      onLinear(index++, linear, result.snrDb);
    }
    const bytes = writer.finish(hostArrays(source, plan, layers, biases));
    checkpoint?.remove();
    return { bytes, snrDb: 10 * Math.log10(signal / noise) };
  } catch (error) {
    checkpoint?.remove();
    throw error;
  } finally {
    writer.abort();
  }
}

function takeBiases(plan: Plan, layer: number, tensors: LayerTensors, biases: (Int32Array | null)[]): void {
  plan.linears.forEach((linear, i) => {
    const bias = linear.layer === layer ? tensors.biases.get(linear.role) : undefined;
    if (bias) biases[i] = integerBias(bias, outputFrac(linear));
  });
}

/** Fraction bits of a linear's output: those of the residual stream if it is added to it. */
function outputFrac({ role }: PlanLinear): number {
  const intoResidual = ['self_attn.o_proj', 'self_attn.out_proj', 'mlp.down_proj', 'fc2'].includes(role);
  return intoResidual ? RESIDUAL_FRAC : ACTIVATION_FRAC;
}

function hostArrays(
  source: ModelSource,
  plan: Plan,
  layers: IntegerLayer[],
  biases: (Int32Array | null)[],
): NamedArrays {
  const { config } = source;
  const { dim, embedDim, vocab, context } = config;
  const ends = source.loadEnds();
  const embedding = int8Matrix(ends.embedding, vocab, embedDim);
  const { block } = plan.linears[0]!;
  return toNamedArrays({
    config,
    plan,
    tables: buildTables(config),
    embedding,
    positions: ends.positions && int8Matrix(ends.positions, context, dim),
    projectIn: ends.projectIn && int8Matrix(ends.projectIn, dim, embedDim),
    projectOut: ends.projectOut && int8Matrix(ends.projectOut, embedDim, dim),
    head: plan.linears.some(isHead) ? null : config.tiedHead ? embedding : int8Matrix(ends.head, vocab, embedDim),
    finalNorm: ends.finalNorm && integerNorm(ends.finalNorm, dim),
    layers,
    biases,
    kernels: new Map(kernelSamples(plan).map((samples) => [samples, fourierKernel(block, samples)])),
  });
}
