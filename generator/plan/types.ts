/** The plan: everything that quantizer, generator, golden model and host have to agree on. See docs/plan.md. */

import type { LinearRole, ModelConfig } from '../model/types.js';

export type Alphabet = 'ternary' | 'binary';
export type FrameMode = 'hadamard' | 'fourier';
/** How symbols lie in the image: five ternary symbols per byte in base 3, or eight binary symbols per byte. */
export type Packing = 'base3' | 'bits';
export type Placement = 'linear' | 'decoder';

/** The last block of a row when the columns do not fill it (mode `hadamard` only). */
export interface PlanTail {
  /** Columns in the last block, 1 … block − 1. */
  readonly cols: number;
  /** Size of its transform: the least power of two that is not less than `cols`. */
  readonly size: number;
  /** Symbols per row in the last block. */
  readonly samples: number;
}

export interface PlanLinear {
  /** `layers.<layer>.<role>`, or `lm_head.<group>` */
  readonly name: string;
  /** The head lies behind the last layer. */
  readonly layer: number;
  readonly role: LinearRole;
  readonly rows: number;
  readonly cols: number;
  /** samples / block */
  readonly osr: number;
  /** Columns per block, a power of two. */
  readonly block: number;
  /** Symbols per row in a full block (U). */
  readonly samples: number;
  readonly tail: PlanTail | null;
  readonly alphabet: Alphabet;
  readonly frame: FrameMode;
  /** Seed from which the plan's sign patterns were drawn. */
  readonly signSeed: number;
  readonly packing: Packing;
  /** One entry per segment of `block` samples: segment k has gain 2^−gainShifts[k]. All zero in mode `fourier`. */
  readonly gainShifts: readonly number[];
}

/** Lanes and rows of the MAC array and the memories around it. */
export interface PlanArray {
  /** Upsampled activations per beat (L). */
  readonly lanes: number;
  /** Output rows in parallel (R). */
  readonly rows: number;
  /** `table`: the table engine, for ternary symbols on FPGAs with LUT-RAM; without it the adder engine. */
  readonly engine?: 'table';
  /** Numbers per cycle of the unit that frames vectors (mode `hadamard`); without it the host frames them. */
  readonly frame?: number;
}

export interface PlanMemoryRegion {
  /** First byte address on the host link. */
  readonly base: number;
  /** Bytes from one word's address to the next: a power of two. */
  readonly stride: number;
  /** Bytes of a word that are stored. */
  readonly wordBytes: number;
  readonly words: number;
}

export interface PlanMemory {
  readonly weights: PlanMemoryRegion;
  readonly scales: PlanMemoryRegion;
  readonly activations: PlanMemoryRegion;
  readonly blocks: PlanMemoryRegion;
}

/** Widths of the units of the decoder on the device (placement `decoder`). See docs/decoder.md. */
export interface PlanDecoder {
  /** Elements per cycle of the vector unit (W), a power of two. */
  readonly values: number;
  /** Multipliers of the dot unit and of the mix unit each (A): a multiple of W that divides the head's dimension. */
  readonly attention: number;
  /** Results per cycle that come out of the array's accumulators (D), at most W. */
  readonly drain: number;
  /** Banks of accumulators: with 2, a linear runs while the results of the one before are taken. */
  readonly banks: 1 | 2;
}

export interface Plan {
  readonly format: 'sdq-plan/1';
  readonly generator: string;
  readonly model: ModelConfig;
  readonly board: string;
  readonly placement: Placement;
  /**
   * Sign patterns of the frame's segments as hex digits, most significant digit first; bit i (value 2^i) of a
   * pattern set means that column i of a block is negated. Tails use the low bits.
   */
  readonly signs: readonly string[];
  /** Those of the layers; and those of the head, if it is in SDQ. */
  readonly linears: readonly PlanLinear[];
  readonly array: PlanArray;
  /** In placement `decoder` only. */
  readonly decoder?: PlanDecoder;
  readonly memory: PlanMemory;
}
