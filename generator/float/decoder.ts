import { InputError } from '../errors.js';
import type { EndTensors, LayerTensors, ModelConfig, ModelSource } from '../model/types.js';
import { createCache, type KeyValueCache } from './attention.js';
import { embed, head, layerForward } from './forward.js';

/** The float model with all its weights in memory and a key-value cache: generates token by token. */
export class FloatDecoder {
  readonly config: ModelConfig;
  readonly #ends: EndTensors;
  readonly #layers: readonly LayerTensors[];
  readonly #capacity: number;
  #caches: KeyValueCache[] = [];

  /** @param capacity most tokens to be taken in; memory for their keys and values is set aside */
  constructor(source: ModelSource, capacity = source.config.context) {
    this.config = source.config;
    this.#capacity = Math.min(capacity, source.config.context);
    this.#ends = source.loadEnds();
    this.#layers = Array.from({ length: source.config.layers }, (_, layer) => source.loadLayer(layer));
    this.reset();
  }

  /** Forgets every token. */
  reset(): void {
    this.#caches = this.#layers.map(() => createCache(this.config, this.#capacity));
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Tokens taken in so far. */
  get length(): number {
    return this.#caches[0]?.length ?? 0;
  }

  /**
   * Takes in further tokens.
   *
   * @returns vocab logits for the token after them
   * @throws InputError if there is no token, the capacity is exceeded, or a token is not in the vocabulary
   */
  push(tokens: ArrayLike<number>): Float32Array {
    if (tokens.length === 0) throw new InputError('There is no token to run the model on.');
    if (this.length + tokens.length > this.#capacity) {
      throw new InputError(
        `${this.length + tokens.length} tokens exceed the ${this.#capacity} that there is room for.`,
      );
    }
    const hidden = embed(this.config, this.#ends, tokens, this.length);
    this.#layers.forEach((layer, i) => {
      layerForward(this.config, layer, hidden, tokens.length, undefined, this.#caches[i]);
    });
    return head(this.config, this.#ends, hidden.subarray(-this.config.dim));
  }
}

/**
 * Continues a prompt with the likeliest token each time, from an empty context.
 *
 * @param prompt token ids, bos included
 * @param limit most tokens to generate; generation ends earlier at an eos (not returned) or when the decoder is full
 * @returns the generated tokens
 */
export function generateGreedily(decoder: FloatDecoder, prompt: readonly number[], limit: number): number[] {
  const { eos } = decoder.config;
  const generated: number[] = [];
  decoder.reset();
  let logits = decoder.push(prompt);
  while (generated.length < limit) {
    const token = argmax(logits);
    if (eos.includes(token)) break;
    generated.push(token);
    if (generated.length === limit || decoder.length === decoder.capacity) break;
    logits = decoder.push([token]);
  }
  return generated;
}

/** Index of the greatest value, the first of equals. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if (values[i]! > values[best]!) best = i;
  }
  return best;
}
