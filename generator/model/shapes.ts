import { InputError } from '../errors.js';
import type { ModelConfig, RopeConfig } from './types.js';

/** Published shapes: [dim, hidden, layers, heads, kv heads, vocabulary, context, tied head]. */
type Shape = readonly [number, number, number, number, number, number, number, boolean];

/** OPT (arXiv 2205.01068, and the published configurations). */
const OPT: Readonly<Record<string, Shape>> = {
  'opt-125m': [768, 3072, 12, 12, 12, 50272, 2048, true],
  'opt-350m': [1024, 4096, 24, 16, 16, 50272, 2048, true],
  'opt-1.3b': [2048, 8192, 24, 32, 32, 50272, 2048, true],
  'opt-2.7b': [2560, 10240, 32, 32, 32, 50272, 2048, true],
  'opt-6.7b': [4096, 16384, 32, 32, 32, 50272, 2048, true],
  'opt-13b': [5120, 20480, 40, 40, 40, 50272, 2048, true],
  'opt-30b': [7168, 28672, 48, 56, 56, 50272, 2048, true],
  'opt-66b': [9216, 36864, 64, 72, 72, 50272, 2048, true],
};

/** LLaMA (arXiv 2302.13971), Llama 3 (arXiv 2407.21783) and the llama2.c story models. */
const LLAMA: Readonly<Record<string, Shape>> = {
  'llama-7b': [4096, 11008, 32, 32, 32, 32000, 2048, false],
  'llama-13b': [5120, 13824, 40, 40, 40, 32000, 2048, false],
  'llama-30b': [6656, 17920, 60, 52, 52, 32000, 2048, false],
  'llama-65b': [8192, 22016, 80, 64, 64, 32000, 2048, false],
  'llama-70b': [8192, 28672, 80, 64, 8, 32000, 4096, false],
  'llama-3-8b': [4096, 14336, 32, 32, 8, 128256, 8192, false],
  'llama-3.2-1b': [2048, 8192, 16, 32, 8, 128256, 131072, true],
  stories15M: [288, 768, 6, 6, 6, 32000, 256, true],
  stories110M: [768, 2048, 12, 12, 12, 32000, 1024, true],
};

/** Frequency scaling of the models that have it. */
const LLAMA3_SCALING = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };

/** Names that `shapeConfig` knows. */
export function shapeNames(): string[] {
  return [...Object.keys(OPT), ...Object.keys(LLAMA)];
}

/** The configuration of a published model, for plans without weights. @throws InputError for an unknown name */
export function shapeConfig(name: string): ModelConfig {
  const isOpt = name in OPT;
  const shape = OPT[name] ?? LLAMA[name];
  if (!shape) throw new InputError(`--shape must be one of ${shapeNames().join(', ')}, not ${name}`);
  const [dim, hidden, layers, heads, kvHeads, vocab, context, tiedHead] = shape;
  const small = name === 'opt-350m';
  return {
    architecture: isOpt ? 'opt' : 'llama',
    name,
    dim,
    hidden,
    layers,
    heads,
    kvHeads,
    headDim: dim / heads,
    vocab,
    context,
    embedDim: small ? 512 : dim,
    tiedHead,
    normBefore: !small,
    finalNorm: !small,
    normEps: /^llama-(7|13|30|65)b$/.test(name) ? 1e-6 : 1e-5,
    biases: isOpt,
    rope: isOpt ? null : ropeOf(name),
    bos: isOpt ? 2 : name.startsWith('llama-3') ? 128000 : 1,
    eos: isOpt ? [2] : name.startsWith('llama-3') ? [128001] : [2],
  };
}

function ropeOf(name: string): RopeConfig {
  return {
    theta: name.startsWith('llama-3') ? 500000 : 10000,
    linearFactor: 1,
    llama3: name === 'llama-3.2-1b' ? LLAMA3_SCALING : null,
  };
}
