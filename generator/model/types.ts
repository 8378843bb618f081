/** The model as the compiler sees it, whatever file it came from. */

export type Architecture = 'llama' | 'opt';

/** Llama-3 style frequency scaling of rotary positions (config.json's rope_scaling with rope_type "llama3"). */
export interface Llama3RopeScaling {
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalContext: number;
}

export interface RopeConfig {
  readonly theta: number;
  /** Positions are divided by this (rope_type "linear"); 1 if there is no such scaling. */
  readonly linearFactor: number;
  readonly llama3: Llama3RopeScaling | null;
}

export interface ModelConfig {
  readonly architecture: Architecture;
  /** A name to print: the directory's or the file's. */
  readonly name: string;
  readonly dim: number;
  /** Width of the feed-forward layer. */
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  /** Width of the embedding; differs from `dim` only in OPT models with project_in and project_out. */
  readonly embedDim: number;
  /** The head's matrix is the embedding's. */
  readonly tiedHead: boolean;
  /** Norm before each sub-layer (true for LLaMA and most OPT) or after its residual addition (OPT 350m). */
  readonly normBefore: boolean;
  /** A norm after the last layer. */
  readonly finalNorm: boolean;
  readonly normEps: number;
  /** Linears have biases. */
  readonly biases: boolean;
  readonly rope: RopeConfig | null;
  /** Token that precedes each document. */
  readonly bos: number;
  /** Tokens that end generation. */
  readonly eos: readonly number[];
}

/**
 * What a linear is within its decoder layer, or the head; the names are Hugging Face's and those of the published OSR
 * files.
 */
export type LinearRole =
  | 'self_attn.q_proj'
  | 'self_attn.k_proj'
  | 'self_attn.v_proj'
  | 'self_attn.o_proj'
  | 'self_attn.out_proj'
  | 'mlp.gate_proj'
  | 'mlp.up_proj'
  | 'mlp.down_proj'
  | 'fc1'
  | 'fc2'
  | 'lm_head';

export interface LinearShape {
  /** `layers.<layer>.<role>`, or `lm_head.<group>` */
  readonly name: string;
  /** The head lies behind the last layer. */
  readonly layer: number;
  readonly role: LinearRole;
  /** Output features. */
  readonly rows: number;
  /** Input features. */
  readonly cols: number;
}

export interface NormTensors {
  /** dim values */
  readonly weight: Float32Array;
  /** dim values (LayerNorm), or null (RMSNorm) */
  readonly bias: Float32Array | null;
}

/** The tensors of one decoder layer, in float32. */
export interface LayerTensors {
  /**
   * rows × cols each, row-major. Rows of LLaMA's q_proj and k_proj are in interleaved order: the two halves of
   * rotary pair i of a head are its rows 2i and 2i + 1 (Hugging Face stores them as i and i + headDim / 2).
   */
  readonly weights: ReadonlyMap<LinearRole, Float32Array>;
  /** rows each; empty for models without biases */
  readonly biases: ReadonlyMap<LinearRole, Float32Array>;
  readonly attnNorm: NormTensors;
  readonly mlpNorm: NormTensors;
}

/** The tensors outside the decoder layers. */
export interface EndTensors {
  /** vocab × embedDim */
  readonly embedding: Float32Array;
  /** context × dim learned positions, the offset of 2 that OPT files carry already removed; null with RoPE */
  readonly positions: Float32Array | null;
  /** dim × embedDim, or null */
  readonly projectIn: Float32Array | null;
  /** embedDim × dim, or null */
  readonly projectOut: Float32Array | null;
  readonly finalNorm: NormTensors | null;
  /** vocab × embedDim; the very same array as `embedding` when the head is tied */
  readonly head: Float32Array;
}

/** A checkpoint whose tensors are read when asked for; no tensor is kept. */
export interface ModelSource {
  readonly config: ModelConfig;
  readonly linears: readonly LinearShape[];
  /** Number of trained values in the file (a tied matrix counts once). */
  readonly parameters: number;
  loadLayer(layer: number): LayerTensors;
  loadEnds(): EndTensors;
  close(): void;
}
