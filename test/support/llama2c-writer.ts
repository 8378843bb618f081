import { writeFileSync } from 'node:fs';
import { gaussian } from './random.js';

interface Sizes {
  readonly dim: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
  readonly context: number;
}

/** Writes a random legacy llama2.c checkpoint, in the order of its export.py, and returns what is in it. */
export function writeLlama2c(path: string, sizes: Sizes, tied: boolean) {
  const { dim, hidden, layers, heads, kvHeads, vocab, context } = sizes;
  const normal = gaussian(7);
  const header = Int32Array.of(dim, hidden, layers, heads, kvHeads, tied ? vocab : -vocab, context);
  const parts: Uint8Array[] = [new Uint8Array(header.buffer)];
  let parameters = 0;
  const write = (count: number): Float32Array => {
    const values = Float32Array.from({ length: count }, normal);
    parts.push(new Uint8Array(values.buffer));
    parameters += count;
    return values;
  };
  const perLayer = (count: number): Float32Array[] => Array.from({ length: layers }, () => write(count));

  const kv = (dim / heads) * kvHeads;
  const embedding = write(vocab * dim);
  const attnNorm = perLayer(dim);
  const [wq, wk, wv, wo] = [perLayer(dim * dim), perLayer(kv * dim), perLayer(kv * dim), perLayer(dim * dim)];
  const mlpNorm = perLayer(dim);
  const [w1, w2, w3] = [perLayer(hidden * dim), perLayer(dim * hidden), perLayer(hidden * dim)];
  const finalNorm = write(dim);
  // The cosines and sines of the rotary positions, which readers compute themselves.
  parts.push(new Uint8Array(4 * context * (dim / heads)).fill(0xff));
  const head = tied ? embedding : write(vocab * dim);
  writeFileSync(path, Buffer.concat(parts));
  return {
    embedding,
    finalNorm,
    head,
    parameters,
    layers: attnNorm.map((norm, n) => ({
      attnNorm: norm,
      mlpNorm: mlpNorm[n]!,
      weights: {
        'self_attn.q_proj': wq[n]!,
        'self_attn.k_proj': wk[n]!,
        'self_attn.v_proj': wv[n]!,
        'self_attn.o_proj': wo[n]!,
        'mlp.gate_proj': w1[n]!,
        'mlp.up_proj': w3[n]!,
        'mlp.down_proj': w2[n]!,
      },
    })),
  };
}
