import type { Plan } from '../../plan/types.js';
import type { ImageResult } from '../../quantize/node/quantize-to-image.js';
import type { QuantizeModelOptions, QuantizeProgress } from '../../quantize/quantize-model.js';

/** What the quantizing thread is to do: plain data, which is copied between threads. */
export interface QuantizeJob {
  /** Absolute path. */
  readonly model: string;
  /** Absolute path. */
  readonly output: string;
  readonly plan: Plan;
  readonly options: Omit<QuantizeModelOptions, 'onProgress' | 'finished' | 'quantizeRows'>;
  /** Threads that compute. */
  readonly threads: number;
}

/** What the thread says while it works. */
export type QuantizeMessage =
  | { readonly kind: 'progress'; readonly activity: QuantizeProgress['activity']; readonly index: number }
  | { readonly kind: 'linear'; readonly index: number; readonly snrDb: number }
  | { readonly kind: 'resumed'; readonly finished: number }
  | { readonly kind: 'result'; readonly result: ImageResult };
