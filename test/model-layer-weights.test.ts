import { describe, expect, it } from 'vitest';
import { LayerWeights } from '../generator/model/layer-weights.js';
import type { LinearRole } from '../generator/model/types.js';

const ROLES: readonly LinearRole[] = ['fc1', 'fc2'];

function counted(values: number): { readonly weights: LayerWeights; readonly reads: LinearRole[] } {
  const reads: LinearRole[] = [];
  const weights = new LayerWeights(ROLES, values, (role) => {
    reads.push(role);
    return Float32Array.of(ROLES.indexOf(role));
  });
  return { weights, reads };
}

describe('the weights of a layer', () => {
  it('are read when they are asked for, and once if the layer is small', () => {
    const { weights, reads } = counted(1000);
    expect(reads).toEqual([]);
    for (const role of ['fc2', 'fc1', 'fc2'] as const) expect(weights.get(role)![0]).toBe(ROLES.indexOf(role));
    expect(reads).toEqual(['fc2', 'fc1']);
  });

  it('are kept one at a time if the layer is large', () => {
    const { weights, reads } = counted(2 ** 27);
    for (const role of ['fc1', 'fc1', 'fc2', 'fc1'] as const) weights.get(role);
    expect(reads).toEqual(['fc1', 'fc2', 'fc1']);
  });

  it('are read again when they have been forgotten', () => {
    const { weights, reads } = counted(10);
    weights.get('fc1');
    weights.forget('fc1');
    weights.get('fc1');
    expect(reads).toEqual(['fc1', 'fc1']);
  });

  it('are a map', () => {
    const { weights } = counted(10);
    expect([...weights.keys()]).toEqual(ROLES);
    expect([...weights].map(([role, [value]]) => [role, value])).toEqual([
      ['fc1', 0],
      ['fc2', 1],
    ]);
    expect([...weights.values()].length).toBe(weights.size);
    const seen: LinearRole[] = [];
    weights.forEach((_, role) => {
      seen.push(role);
    });
    expect(seen).toEqual(ROLES);
    expect(weights.has('fc1')).toBe(true);
    expect(weights.get('self_attn.q_proj')).toBeUndefined();
  });
});
