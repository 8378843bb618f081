import { type Machine, parameterWord } from '../../../generator/schedule/machine.js';
import { ceilDiv } from '../../../generator/sizing/integers.js';

/** Mantissas that CUT wrote, with the exponent of each segment. */
export interface Mantissas {
  readonly values: Int16Array;
  readonly exponents: Uint8Array;
}

/** Memories and registers of the decoder on the device. Source: docs/decoder.md, "Memories" and "Registers". */
export class MachineState {
  readonly vectors: Int32Array;
  readonly parameters: DataView;
  readonly frame: Mantissas;
  readonly query: Mantissas;
  readonly keys: Int16Array;
  readonly values: Int8Array;
  readonly keyExponents: Uint8Array;
  readonly valueExponents: Uint8Array;
  /** Largest exponent of the values of a layer's head up to a place. */
  readonly mostExponent: Uint8Array;
  /** Scores of two heads, context each. */
  readonly scores: Int32Array;
  readonly top = [0, 0];
  /** cos and sin, Q14, of each rotary pair at this position. */
  readonly cos: Int32Array;
  readonly sin: Int32Array;
  /** Magnitudes of each segment that was written last, ORed. */
  readonly peaks: Int32Array;
  /** The same of the whole vector. */
  peak = 0;
  sum = 0;
  squares = 0;
  pre = 0;
  offset = 0;
  mantissa = 0;
  down = 0;
  reference = 0;
  layer = 0;
  token = 0;
  position = 0;

  constructor(machine: Machine, parameters: Uint8Array) {
    const { config, widths, block, vectors } = machine;
    const { heads, kvHeads, headDim, hidden, dim, embedDim, layers, context } = config;
    this.vectors = new Int32Array(vectors.words * widths.values);
    this.parameters = new DataView(parameters.buffer, parameters.byteOffset, parameters.byteLength);
    const widest = Math.max(heads * headDim, hidden, dim, embedDim);
    const blocks = ceilDiv(widest, block);
    this.frame = { values: new Int16Array(blocks * block), exponents: new Uint8Array(blocks) };
    this.query = { values: new Int16Array(widest + parameterWord(widths)), exponents: new Uint8Array(heads) };
    const places = layers * kvHeads * context;
    this.keys = new Int16Array(places * headDim);
    this.values = new Int8Array(places * headDim);
    this.keyExponents = new Uint8Array(places);
    this.valueExponents = new Uint8Array(places);
    this.mostExponent = new Uint8Array(places);
    this.scores = new Int32Array(2 * context);
    this.cos = new Int32Array(headDim / 2);
    this.sin = new Int32Array(headDim / 2);
    this.peaks = new Int32Array(Math.max(ceilDiv(widest, Math.min(block, headDim)), 1));
  }
}
