import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Plan } from './types.js';

/** JSON with keys in code-unit order and no white space: one text for one value. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The plan's canonical text: what `weights.sdq` embeds and the hash is taken over. */
export function canonicalPlan(plan: Plan): string {
  return canonicalJson(plan);
}

/** The plan as people read it: `plan.json`'s text. Its canonical form is the same as that of `plan`. */
export function prettyPlan(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** SHA-256 of the canonical plan, 64 hex digits. */
export function planHash(plan: Plan): string {
  return bytesToHex(sha256(new TextEncoder().encode(canonicalPlan(plan))));
}
