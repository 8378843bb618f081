import type { IntegerModel, LinearWeights } from '../../sim/golden/parameters.js';
import { isHead } from '../model/roles.js';
import type { EndTensors, LayerTensors, LinearRole, ModelSource } from '../model/types.js';
import { int8MatrixToFloat } from './integer-parameters.js';
import { dequantizeLinear } from './quantize-linear.js';

/**
 * The float model with quantized weights in place of its own: linears, and a head among them, as their symbols and scales
 * say, embeddings, positions and another head as their int8 values say. Norms and biases stay as they are.
 */
export function dequantizedModel(source: ModelSource, model: IntegerModel, weights: LinearWeights): ModelSource {
  const { plan } = model;
  return {
    ...source,
    loadLayer(layer): LayerTensors {
      const replaced = new Map<LinearRole, Float32Array>();
      plan.linears.forEach((linear, index) => {
        if (linear.layer === layer) {
          replaced.set(linear.role, dequantizeLinear(weights.linear(index), linear, plan.signs));
        }
      });
      return { ...source.loadLayer(layer), weights: replaced };
    },
    loadEnds(): EndTensors {
      const embedding = int8MatrixToFloat(model.embedding);
      return {
        ...source.loadEnds(),
        embedding,
        positions: model.positions && int8MatrixToFloat(model.positions),
        projectIn: model.projectIn && int8MatrixToFloat(model.projectIn),
        projectOut: model.projectOut && int8MatrixToFloat(model.projectOut),
        head: model.head === model.embedding ? embedding : headMatrix(model, weights),
      };
    },
  };
}

/** A head of its own, vocab × embedDim. */
function headMatrix({ head, plan }: IntegerModel, weights: LinearWeights): Float32Array {
  if (head !== null) return int8MatrixToFloat(head);
  const matrix = new Float32Array(plan.model.vocab * plan.model.embedDim);
  let first = 0;
  plan.linears.forEach((linear, index) => {
    if (!isHead(linear)) return;
    matrix.set(dequantizeLinear(weights.linear(index), linear, plan.signs), first);
    first += linear.rows * linear.cols;
  });
  return matrix;
}
