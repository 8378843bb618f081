import type { Architecture, LinearRole, LinearShape, ModelConfig } from './types.js';

/** The linears of a decoder layer in the order in which inference uses them. */
export function rolesOf(architecture: Architecture): readonly LinearRole[] {
  return architecture === 'llama'
    ? [
        'self_attn.q_proj',
        'self_attn.k_proj',
        'self_attn.v_proj',
        'self_attn.o_proj',
        'mlp.gate_proj',
        'mlp.up_proj',
        'mlp.down_proj',
      ]
    : ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.out_proj', 'fc1', 'fc2'];
}

/** The first linear, in the order of inference, that reads the same vector as the given one. */
export function inputOf(role: LinearRole): LinearRole {
  switch (role) {
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return 'self_attn.q_proj';
    case 'mlp.up_proj':
      return 'mlp.gate_proj';
    default:
      return role;
  }
}

/** Rows (output features) and columns (input features) of a linear. */
export function shapeOf(config: ModelConfig, role: LinearRole): { rows: number; cols: number } {
  const attention = config.heads * config.headDim;
  switch (role) {
    case 'self_attn.q_proj':
      return { rows: attention, cols: config.dim };
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return { rows: config.kvHeads * config.headDim, cols: config.dim };
    case 'self_attn.o_proj':
    case 'self_attn.out_proj':
      return { rows: config.dim, cols: attention };
    case 'mlp.gate_proj':
    case 'mlp.up_proj':
    case 'fc1':
      return { rows: config.hidden, cols: config.dim };
    case 'mlp.down_proj':
    case 'fc2':
      return { rows: config.dim, cols: config.hidden };
    case 'lm_head':
      return { rows: config.vocab, cols: config.embedDim };
  }
}

/** Every linear of every decoder layer, in the order of inference. */
export function linearsOf(config: ModelConfig): LinearShape[] {
  const linears: LinearShape[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const role of rolesOf(config.architecture)) {
      linears.push({ name: `layers.${layer}.${role}`, layer, role, ...shapeOf(config, role) });
    }
  }
  return linears;
}

/** Whether a linear is a part of the head. */
export const isHead = ({ role }: Pick<LinearShape, 'role'>): boolean => role === 'lm_head';

/**
 * Rows of a group of the head, the last of which may have fewer: as many as the widest linear of a layer, so that a group
 * needs no more accumulators, and fits an array as well.
 */
const headGroupRows = (config: ModelConfig): number =>
  Math.max(...rolesOf(config.architecture).map((role) => shapeOf(config, role).rows));

/** Linears that a head is divided into. */
export const headGroups = (config: ModelConfig): number => Math.ceil(config.vocab / headGroupRows(config));

/** The head as linears that follow those of the layers: groups of its rows. */
export function headLinearsOf(config: ModelConfig): LinearShape[] {
  const { rows, cols } = shapeOf(config, 'lm_head');
  const group = headGroupRows(config);
  return Array.from({ length: headGroups(config) }, (_, i) => ({
    name: `lm_head.${i}`,
    layer: config.layers,
    role: 'lm_head',
    rows: Math.min(group, rows - i * group),
    cols,
  }));
}
