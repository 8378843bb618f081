import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { canonicalPlan, planHash, prettyPlan } from '../generator/plan/hash.js';
import { planSchema } from '../generator/plan/schema.js';
import { parsePlan } from '../generator/plan/validate.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { fabricatePlan, llamaConfig, optConfig } from './support/golden-models.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const published = `${root}docs/plan.schema.json`;

describe('docs/plan.schema.json', () => {
  it('is a copy of generator/plan/schema.ts (UPDATE_GOLDEN=1 writes it)', () => {
    if (process.env.UPDATE_GOLDEN === '1') {
      writeFileSync(published, JSON.stringify(planSchema));
      execFileSync(`${root}node_modules/.bin/biome`, ['format', '--write', published], { cwd: root });
    }
    expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(JSON.parse(JSON.stringify(planSchema)));
  });

  it('is a schema by itself, and made-up plans satisfy it', () => {
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync(published, 'utf8')));
    for (const config of [llamaConfig(), optConfig()]) {
      for (const frame of ['hadamard', 'fourier'] as const) {
        expect(validate(JSON.parse(prettyPlan(fabricatePlan(config, { frame }))))).toBe(true);
      }
    }
  });

  it('and docs/plan.md name the same fields', () => {
    const text = readFileSync(`${root}docs/plan.md`, 'utf8');
    const fields = new Set<string>();
    const collect = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries(schema)) {
        if (key === 'properties') for (const name of Object.keys(value)) fields.add(name);
        collect(value);
      }
    };
    collect(planSchema);
    expect(fields.size).toBeGreaterThan(50);
    for (const field of fields) expect(text, field).toMatch(new RegExp(`[\`.]${field}\``));
  });
});

describe('sign patterns', () => {
  it('are drawn as docs/plan.md says', () => {
    const words = (seed: number, count: number): bigint[] => {
      const modulus = 2n ** 32n;
      let state = BigInt(seed);
      return Array.from({ length: count }, () => {
        state = (state + 0x9e3779b9n) % modulus;
        let x = state;
        x = ((x ^ (x >> 16n)) * 0x21f0aaadn) % modulus;
        x = ((x ^ (x >> 15n)) * 0x735a2d97n) % modulus;
        return x ^ (x >> 15n);
      });
    };
    const expected = Array.from({ length: 3 }, (_, k) =>
      words(7, 12)
        .slice(4 * k, 4 * k + 4)
        .reduce((pattern, word, i) => pattern + (word << BigInt(32 * i)), 0n)
        .toString(16)
        .padStart(32, '0'),
    );
    expect(drawSigns(7, 3, 128)).toEqual(expected);
    expect(fabricatePlan(llamaConfig(), { signSeed: 7, block: 128 }).signs).toEqual(expected);
  });
});

describe('the canonical plan', () => {
  const plan = fabricatePlan(llamaConfig({ name: 'naïve "model"\n', normEps: 1e-6 }));

  it('has sorted keys and no white space, and says the same', () => {
    const text = canonicalPlan(plan);
    expect(JSON.parse(text)).toEqual(plan);
    expect(text).not.toMatch(/[\n\t]/);
    expect(text.startsWith('{"array":{"lanes":8,"rows":10},"board":"sim","format":"sdq-plan/1","generator":')).toBe(
      true,
    );
    expect(text).toContain('"normEps":0.000001');
    expect(text).toContain('"name":"naïve \\"model\\"\\n"');
  });

  it('does not depend on the order of keys, and its hash on every value', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, item]) => [key, reversed(item)]),
      );
    };
    const same = parsePlan(JSON.stringify(reversed(plan), null, 7), 'plan.json');
    expect(planHash(same)).toBe(planHash(plan));
    expect(planHash(parsePlan(prettyPlan(plan), 'plan.json'))).toBe(planHash(plan));
    const others = [
      { ...plan, board: 'other' },
      { ...plan, signs: plan.signs.map((hex) => hex.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))) },
      { ...plan, model: { ...plan.model, bos: 3 } },
    ];
    expect(new Set([plan, ...others].map(planHash)).size).toBe(4);
  });
});
