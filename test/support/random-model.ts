import { linearsOf, rolesOf, shapeOf } from '../../generator/model/roles.js';
import type { LayerTensors, LinearRole, ModelConfig, ModelSource, NormTensors } from '../../generator/model/types.js';
import { gaussian, uniform } from './random.js';

/** A model of random weights; counts how often each layer is loaded. */
export function randomModel(config: ModelConfig, seed = 1): ModelSource & { readonly loads: number[] } {
  const next = gaussian(seed);
  const floats = (count: number, deviation: number, mean = 0): Float32Array =>
    Float32Array.from({ length: count }, () => mean + deviation * next());
  const { dim, embedDim, vocab, context, biases } = config;
  const norm = (): NormTensors => ({ weight: floats(dim, 0.2, 1), bias: biases ? floats(dim, 0.1) : null });
  const layers = Array.from({ length: config.layers }, (): LayerTensors => {
    const roles = rolesOf(config.architecture);
    const matrix = (role: LinearRole): Float32Array => {
      const { rows, cols } = shapeOf(config, role);
      return floats(rows * cols, 1 / Math.sqrt(cols));
    };
    return {
      weights: new Map(roles.map((role) => [role, matrix(role)])),
      biases: new Map(biases ? roles.map((role) => [role, floats(shapeOf(config, role).rows, 0.1)]) : []),
      attnNorm: norm(),
      mlpNorm: norm(),
    };
  });
  const embedding = floats(vocab * embedDim, 1);
  const ends = {
    embedding,
    positions: config.rope ? null : floats(context * dim, 0.3),
    projectIn: embedDim === dim ? null : floats(dim * embedDim, 0.2),
    projectOut: embedDim === dim ? null : floats(embedDim * dim, 0.2),
    finalNorm: config.finalNorm ? norm() : null,
    head: config.tiedHead ? embedding : floats(vocab * embedDim, 1),
  };
  const loads = layers.map(() => 0);
  return {
    config,
    linears: linearsOf(config),
    parameters: 0,
    loads,
    loadLayer(layer) {
      loads[layer] = loads[layer]! + 1;
      return layers[layer]!;
    },
    loadEnds: () => ends,
    close() {},
  };
}

/** Windows of random tokens, each as long as the context. */
export function windows(config: ModelConfig, count: number, seed = 2): number[][] {
  const random = uniform(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: config.context }, () => Math.floor(random() * config.vocab)),
  );
}
