import { type Fields, show } from '../fields.js';
import type { RopeConfig } from '../types.js';

const THETA = { min: 1, max: 1e12 };
const FACTOR = { min: 1, max: 1e6 };

/**
 * Reads the rotary settings of a LLaMA config: `rope_theta` and `rope_scaling` (whose kind is called `rope_type` or
 * `type`), or the object `rope_parameters` that holds both in newer files.
 *
 * @throws InputError for a kind of scaling other than none, "linear" and "llama3", or a bad value
 */
export function parseRope(fields: Fields): RopeConfig {
  const partial = fields.number('partial_rotary_factor', { min: 0, max: 1 }, 1);
  if (partial !== 1) throw fields.error('partial_rotary_factor', `is ${partial}; only 1 is supported`);

  const name = fields.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling';
  const scaling = fields.object(name);
  const theta = (scaling?.has('rope_theta') ? scaling : fields).number('rope_theta', THETA, 10_000);
  if (scaling === null) return { theta, linearFactor: 1, llama3: null };

  const kind = scaling.get('rope_type') ?? scaling.get('type') ?? 'default';
  switch (kind) {
    case 'default':
      return { theta, linearFactor: 1, llama3: null };
    case 'linear':
      return { theta, linearFactor: scaling.number('factor', FACTOR), llama3: null };
    case 'llama3': {
      const lowFreqFactor = scaling.number('low_freq_factor', { min: 1e-6, max: 1e6 });
      const highFreqFactor = scaling.number('high_freq_factor', { min: 1e-6, max: 1e6 });
      if (highFreqFactor <= lowFreqFactor) {
        throw scaling.error('high_freq_factor', `(${highFreqFactor}) must exceed low_freq_factor (${lowFreqFactor})`);
      }
      return {
        theta,
        linearFactor: 1,
        llama3: {
          factor: scaling.number('factor', FACTOR),
          lowFreqFactor,
          highFreqFactor,
          originalContext: scaling.integer('original_max_position_embeddings', { min: 1, max: 1 << 24 }),
        },
      };
    }
    default:
      throw fields.error(name, `asks for ${show(kind)} scaling; "linear" and "llama3" are supported`);
  }
}
