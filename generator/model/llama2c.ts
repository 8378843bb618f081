import { InputError } from '../errors.js';
import { rolesOf, shapeOf } from './roles.js';
import type { LinearRole, ModelConfig } from './types.js';

/** Bytes of the header: seven 32-bit integers. */
export const LLAMA2C_HEADER_BYTES = 28;

const BOS = 1;
const EOS = 2;
const BYTES = 4;

/** First four bytes of files that people give in place of a legacy llama2.c file, and how to convert each. */
const OTHER_FORMATS: readonly { readonly magic: number; readonly kind: string; readonly advice: string }[] = [
  {
    magic: 0x616b3432,
    kind: 'a llama2.c file of version 1 or later',
    advice: 'write the legacy format with llama2.c\'s "python export.py model.bin --version 0 --checkpoint model.pt"',
  },
  {
    magic: 0x04034b50,
    kind: 'a PyTorch checkpoint',
    advice:
      "give a directory with config.json and *.safetensors, as written by Hugging Face's save_pretrained(…, safe_serialization=True)",
  },
  {
    magic: 0x46554747,
    kind: 'a GGUF file',
    advice: 'give the Hugging Face directory that it was made from',
  },
];

/** Where a decoder layer's tensors lie: bytes from the beginning of the file. */
export interface Llama2cLayer {
  readonly weights: ReadonlyMap<LinearRole, number>;
  readonly attnNorm: number;
  readonly mlpNorm: number;
}

/** A legacy llama2.c file: its config, and the place of every tensor in it. All values are little-endian float32. */
export interface Llama2cFile {
  readonly config: ModelConfig;
  readonly embedding: number;
  readonly layers: readonly Llama2cLayer[];
  readonly finalNorm: number;
  /** The embedding's if the head is tied. */
  readonly head: number;
  readonly parameters: number;
}

/**
 * Parses the header of a legacy llama2.c checkpoint (`export.py --version 0`): dim, hidden, layers, heads, kv heads,
 * vocabulary (negative if the head is not tied), context. The rotary tables that the file carries are passed over.
 *
 * @param header the first 28 bytes of the file (fewer if the file is shorter)
 * @param fileBytes length of the file, which must be exactly what the header implies
 * @throws InputError for another format (with how to convert it), an impossible header or a wrong length
 */
export function parseLlama2cFile(file: string, header: Uint8Array, fileBytes: number, name: string): Llama2cFile {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const magic = header.length >= 4 ? view.getUint32(0, true) : 0;
  for (const other of OTHER_FORMATS) {
    if (magic === other.magic) throw new InputError(`${file} is ${other.kind}: ${other.advice}.`);
  }
  if (header.length < LLAMA2C_HEADER_BYTES) {
    throw new InputError(`${file} is ${fileBytes} bytes long, too short for a llama2.c file.`);
  }
  const config = parseHeader(file, view, name);
  const layout = layOut(config);
  if (layout.end !== fileBytes) {
    throw new InputError(
      `${file} is ${fileBytes} bytes long, but its llama2.c header implies ${layout.end}: it is damaged or of another format.`,
    );
  }
  return { config, ...layout.places };
}

function parseHeader(file: string, view: DataView, name: string): ModelConfig {
  const integer = (index: number, field: string, max: number): number => {
    const value = view.getInt32(index * 4, true);
    if (value < 1 || value > max) {
      throw new InputError(`${file}: ${field} in the llama2.c header is ${value}, not from 1 to ${max}.`);
    }
    return value;
  };
  const dim = integer(0, 'dim', 1 << 20);
  const hidden = integer(1, 'hidden_dim', 1 << 20);
  const layers = integer(2, 'n_layers', 10_000);
  const heads = integer(3, 'n_heads', dim);
  const kvHeads = integer(4, 'n_kv_heads', heads);
  const signedVocab = view.getInt32(20, true);
  const vocab = Math.abs(signedVocab);
  if (vocab < 1 || vocab > 1 << 24) {
    throw new InputError(`${file}: vocab_size in the llama2.c header is ${signedVocab}, not from 1 to ${1 << 24}.`);
  }
  const context = integer(6, 'seq_len', 1 << 24);
  if (dim % heads !== 0 || (dim / heads) % 2 !== 0) {
    throw new InputError(`${file}: dim (${dim}) divided by n_heads (${heads}) is not an even integer.`);
  }
  if (heads % kvHeads !== 0) {
    throw new InputError(`${file}: n_kv_heads (${kvHeads}) does not divide n_heads (${heads}).`);
  }
  return {
    architecture: 'llama',
    name,
    dim,
    hidden,
    layers,
    heads,
    kvHeads,
    headDim: dim / heads,
    vocab,
    context,
    embedDim: dim,
    tiedHead: signedVocab > 0,
    normBefore: true,
    finalNorm: true,
    normEps: 1e-5,
    biases: false,
    rope: { theta: 10_000, linearFactor: 1, llama3: null },
    bos: BOS,
    // llama2.c stops where the model begins the next document.
    eos: [BOS, EOS],
  };
}

/** Order of the file: each kind of tensor for all layers, then the next kind. */
function layOut(config: ModelConfig): { places: Omit<Llama2cFile, 'config'>; end: number } {
  const { dim, layers, vocab, context, headDim } = config;
  let position = LLAMA2C_HEADER_BYTES;
  let parameters = 0;
  const take = (values: number): number => {
    const start = position;
    position += values * BYTES;
    parameters += values;
    return start;
  };
  const takePerLayer = (values: number): number[] => Array.from({ length: layers }, () => take(values));
  const takeRole = (role: LinearRole): number[] => {
    const { rows, cols } = shapeOf(config, role);
    return takePerLayer(rows * cols);
  };

  const embedding = take(vocab * dim);
  const attnNorms = takePerLayer(dim);
  const attention = new Map<LinearRole, number[]>();
  for (const role of rolesOf('llama').slice(0, 4)) attention.set(role, takeRole(role));
  const mlpNorms = takePerLayer(dim);
  const gate = takeRole('mlp.gate_proj');
  const down = takeRole('mlp.down_proj');
  const up = takeRole('mlp.up_proj');
  const finalNorm = take(dim);
  position += context * headDim * BYTES;
  const head = config.tiedHead ? embedding : take(vocab * dim);

  const roles = new Map([
    ...attention,
    ['mlp.gate_proj' as const, gate],
    ['mlp.up_proj' as const, up],
    ['mlp.down_proj' as const, down],
  ]);
  const places = {
    embedding,
    layers: attnNorms.map((attnNorm, layer) => ({
      weights: new Map([...roles].map(([role, starts]) => [role, starts[layer]!])),
      attnNorm,
      mlpNorm: mlpNorms[layer]!,
    })),
    finalNorm,
    head,
    parameters,
  };
  return { places, end: position };
}
