import { LayerWeights } from '../layer-weights.js';
import { LLAMA2C_HEADER_BYTES, parseLlama2cFile } from '../llama2c.js';
import { linearsOf, shapeOf } from '../roles.js';
import type { LinearRole, ModelSource } from '../types.js';
import { TensorFile } from './tensor-file.js';

/**
 * Opens a legacy llama2.c checkpoint.
 *
 * @param name a name for the model
 * @throws InputError naming the file and what is wrong with it
 */
export function openLlama2cModel(path: string, name: string): ModelSource {
  const file = new TensorFile(path);
  try {
    const header = file.read(0, Math.min(LLAMA2C_HEADER_BYTES, file.bytes));
    const places = parseLlama2cFile(path, header, file.bytes, name);
    const { config } = places;
    const read = (tensor: string, offset: number, count: number): Float32Array =>
      file.readFloats(tensor, 'F32', offset, count);
    const readNorm = (tensor: string, offset: number) => ({ weight: read(tensor, offset, config.dim), bias: null });
    return {
      config,
      linears: linearsOf(config),
      parameters: places.parameters,
      loadLayer: (layer) => {
        const place = places.layers[layer];
        if (place === undefined) throw new RangeError(`layer ${layer} of ${config.layers}`);
        const sizeOf = (role: LinearRole): number => shapeOf(config, role).rows * shapeOf(config, role).cols;
        const roles = [...place.weights.keys()];
        const values = roles.reduce((sum, role) => sum + sizeOf(role), 0);
        return {
          weights: new LayerWeights(roles, values, (role) =>
            read(`layers.${layer}.${role}`, place.weights.get(role)!, sizeOf(role)),
          ),
          biases: new Map(),
          attnNorm: readNorm(`layers.${layer}.rms_att_weight`, place.attnNorm),
          mlpNorm: readNorm(`layers.${layer}.rms_ffn_weight`, place.mlpNorm),
        };
      },
      loadEnds: () => {
        const embedding = read('token_embedding_table', places.embedding, config.vocab * config.dim);
        return {
          embedding,
          positions: null,
          projectIn: null,
          projectOut: null,
          finalNorm: readNorm('rms_final_weight', places.finalNorm),
          head: config.tiedHead ? embedding : read('wcls', places.head, config.vocab * config.dim),
        };
      },
      close: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}
