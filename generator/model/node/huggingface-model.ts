import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.js';
import { isFloatFormat } from '../float-formats.js';
import { parseHuggingFaceConfig, parseShardIndex } from '../huggingface/config.js';
import { endSpecs, findPrefix, layerSpecs, readEnds, readLayer, type TensorSpec } from '../huggingface/tensors.js';
import { linearsOf } from '../roles.js';
import {
  parseSafetensorsHeader,
  SAFETENSORS_PREFIX_BYTES,
  safetensorsHeaderBytes,
  type TensorEntry,
} from '../safetensors.js';
import type { ModelSource } from '../types.js';
import { asInput, readJson } from './files.js';
import { TensorFile } from './tensor-file.js';

/** A tensor's entry and the file that holds it. */
interface StoredTensor {
  readonly file: TensorFile;
  readonly entry: TensorEntry;
}

/**
 * Opens a Hugging Face directory: config.json and safetensors files. Every tensor that the config calls for is checked
 * here to be present with the right shape and a readable dtype; their values are read later, and checked then.
 *
 * @param name a name for the model
 * @throws InputError naming the file and the field or tensor at fault
 */
export function openHuggingFaceModel(directory: string, name: string): ModelSource {
  const configFile = join(directory, 'config.json');
  const generationFile = join(directory, 'generation_config.json');
  const generation = existsSync(generationFile) ? { file: generationFile, json: readJson(generationFile) } : null;
  const model = parseHuggingFaceConfig(configFile, readJson(configFile), name, generation);
  const { config } = model;

  const files: TensorFile[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    const stored = openShards(directory, files);
    const prefix = findPrefix(config.architecture, (tensor) => stored.has(tensor));
    const ends = endSpecs(model, prefix);
    const layers = Array.from({ length: config.layers }, (_, layer) => layerSpecs(model, prefix, layer));
    const read = (spec: TensorSpec): Float32Array => {
      const { file, entry } = find(directory, stored, spec);
      if (!isFloatFormat(entry.dtype)) throw dtypeError(file, spec, entry);
      return file.readFloats(spec.name, entry.dtype, entry.offset, valuesOf(spec));
    };

    let parameters = 0;
    for (const spec of [...ends.all, ...layers.flatMap((layer) => layer.all)]) {
      const { file, entry } = find(directory, stored, spec);
      if (!isFloatFormat(entry.dtype)) throw dtypeError(file, spec, entry);
      parameters += valuesOf(spec);
    }
    return {
      config,
      linears: linearsOf(config),
      parameters,
      loadLayer: (layer) => {
        const specs = layers[layer];
        if (specs === undefined) throw new RangeError(`layer ${layer} of ${config.layers}`);
        return readLayer(model, specs, read);
      },
      loadEnds: () => readEnds(model, ends, read),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Finds a tensor and compares its shape. */
function find(directory: string, stored: ReadonlyMap<string, StoredTensor>, spec: TensorSpec): StoredTensor {
  const found = stored.get(spec.name);
  if (found === undefined) {
    throw new InputError(`${directory}: tensor ${spec.name}, which config.json calls for, is in no safetensors file.`);
  }
  const { shape } = found.entry;
  if (shape.length !== spec.shape.length || shape.some((size, axis) => size !== spec.shape[axis])) {
    throw new InputError(
      `${found.file.path}: tensor ${spec.name} has shape [${shape.join(', ')}], but config.json implies [${spec.shape.join(', ')}].`,
    );
  }
  return found;
}

function dtypeError(file: TensorFile, spec: TensorSpec, entry: TensorEntry): InputError {
  return new InputError(`${file.path}: tensor ${spec.name} has dtype ${entry.dtype}; F32, F16 and BF16 are supported.`);
}

function valuesOf(spec: TensorSpec): number {
  return spec.shape.reduce((product, size) => product * size, 1);
}

/**
 * Opens every safetensors file of the model.
 *
 * @param files receives each file as it is opened, for the caller to close
 */
function openShards(directory: string, files: TensorFile[]): ReadonlyMap<string, StoredTensor> {
  const stored = new Map<string, StoredTensor>();
  const single = findSingle(directory);
  if (single !== null) {
    const file = openShard(join(directory, single), files);
    for (const [tensor, entry] of file.tensors) stored.set(tensor, { file: file.file, entry });
    return stored;
  }

  const indexFile = join(directory, INDEX);
  const index = parseShardIndex(indexFile, readJson(indexFile));
  const shards = new Map<string, ReturnType<typeof openShard>>();
  for (const [tensor, name] of index) {
    let shard = shards.get(name);
    if (shard === undefined) {
      const path = join(directory, name);
      if (!existsSync(path)) throw new InputError(`${indexFile}: shard ${name} is not in the directory.`);
      shard = openShard(path, files);
      shards.set(name, shard);
    }
    const entry = shard.tensors.get(tensor);
    if (entry === undefined)
      throw new InputError(`${indexFile}: weight_map places ${tensor} in ${name}, which lacks it.`);
    stored.set(tensor, { file: shard.file, entry });
  }
  return stored;
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** The name of the only safetensors file, or null if there is an index of several. */
function findSingle(directory: string): string | null {
  const names = asInput(directory, () => readdirSync(directory));
  if (names.includes(SINGLE)) return SINGLE;
  if (names.includes(INDEX)) return null;
  const candidates = names.filter((name) => name.endsWith('.safetensors'));
  if (candidates.length === 1) return candidates[0]!;
  if (candidates.length > 1) {
    throw new InputError(`${directory} has ${candidates.length} safetensors files but no ${INDEX}.`);
  }
  if (names.some((name) => /^pytorch_model.*\.bin$/.test(name))) {
    throw new InputError(
      `${directory} has pytorch_model.bin but no safetensors file: convert it with ` +
        `python -c "from transformers import AutoModelForCausalLM as M; ` +
        `M.from_pretrained('${directory}').save_pretrained('${directory}', safe_serialization=True)".`,
    );
  }
  throw new InputError(`${directory} has no safetensors file.`);
}

function openShard(path: string, files: TensorFile[]): { file: TensorFile; tensors: ReadonlyMap<string, TensorEntry> } {
  const file = new TensorFile(path);
  files.push(file);
  const prefix = file.read(0, Math.min(SAFETENSORS_PREFIX_BYTES, file.bytes));
  const headerBytes = safetensorsHeaderBytes(path, prefix, file.bytes);
  const header = file.read(SAFETENSORS_PREFIX_BYTES, headerBytes);
  return { file, tensors: parseSafetensorsHeader(path, header, file.bytes) };
}
