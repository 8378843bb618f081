import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../firmware/tokenizer/node/load.js';
import { canonicalPlan } from '../generator/plan/hash.js';
import type { Plan } from '../generator/plan/types.js';
import { VERSION } from '../generator/version.js';
import {
  jsonOf,
  listing,
  outcomeOf,
  type Prepared,
  prepare,
  ROOT,
  sdq,
  sdqJson,
  writeSmallModel,
} from './support/cli.js';
import { examplePath } from './support/shared.js';
import { tempDirectory } from './support/temp.js';

const folder = tempDirectory();
const file = (name: string): string => join(folder, name);
let small: Prepared;

beforeAll(async () => {
  small = await prepare(folder, writeSmallModel(file('small')), ['--osr', '2']);
});

/** What every release has. */
const COMMANDS = [
  ...['inspect', 'analyze', 'plan', 'quantize', 'eval', 'report', 'generate', 'simulate', 'synth', 'schedule'],
  ...['lint', 'baseline', 'board', 'run', 'serve', 'ports', 'bridge', 'doctor', 'demo'],
];

describe('help', () => {
  it.concurrent.each(COMMANDS)('of %s has an example', async (command) => {
    const { code, stdout, stderr } = await sdq([command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(`^Usage: sdq ${command} .*\\n[^]*--json[^]*\\nExamples?:\\n( {2}\\$ sdq .*\\n)+`),
    );
    expect(stdout).toContain(`$ sdq ${command}`);
  });

  it('of the program names every command', async () => {
    const { code, stdout, stderr } = await sdq(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    const named = [...stdout.matchAll(/^ {2}([a-z]+) (?: |.*\[options\])/gm)].map(([, name]) => name!);
    expect(named).toEqual(expect.arrayContaining(COMMANDS));
    for (const name of named.filter((other) => !COMMANDS.includes(other))) {
      expect((await sdq([name, '--help'])).stdout).toMatch(/\nExamples?:\n/);
    }
  });

  it('--version is that of the package', async () => {
    expect((await sdq(['--version'])).stdout).toBe(`${VERSION}\n`);
    expect(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version).toBe(VERSION);
  });
});

describe('inspect', () => {
  it.each([
    ['tiny-llama', { architecture: 'llama', parameters: 808064, layers: 4, dim: 128, context: 256 }, 28],
    ['tiny-opt', { architecture: 'opt', layers: 5, dim: 96, context: 256 }, 30],
  ])('describes %s', async (name, facts, count) => {
    const result = await sdqJson(['inspect', examplePath(name)]);
    expect(Object.keys(result)).toEqual(['architecture', 'parameters', 'layers', 'dim', 'context', 'linears']);
    expect(result).toMatchObject(facts);
    const linears = result.linears as { name: string; rows: number; cols: number }[];
    expect(linears).toHaveLength(count);
    expect(linears[0]).toEqual({ name: 'layers.0.self_attn.q_proj', rows: facts.dim, cols: facts.dim });
  });

  it('resolves paths against the folder in which the user stands', async () => {
    mkdirSync(file('elsewhere'));
    const expected = await sdqJson(['inspect', small.model]);
    expect(await sdqJson(['inspect', '../small'], { cwd: file('elsewhere') })).toEqual(expected);
    const npm = spawn('npm', ['--prefix', ROOT, 'run', '-s', 'sdq', '--', 'inspect', '../small', '--json'], {
      cwd: file('elsewhere'),
      env: { ...process.env, INIT_CWD: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const outcome = await outcomeOf(npm);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(jsonOf(outcome)).toEqual(expected);
    // As npm calls it: in the package's folder, with the user's folder in INIT_CWD.
    expect(await sdqJson(['inspect', 'small'], { cwd: ROOT, env: { INIT_CWD: folder } })).toEqual(expected);
    // Elsewhere the variable is npm's for another package.
    expect(await sdqJson(['inspect', 'small'], { cwd: folder, env: { INIT_CWD: '/' } })).toEqual(expected);
  });
});

describe('analyze', () => {
  it('writes the published layout', async () => {
    const result = await sdqJson(['analyze', small.model, '-o', file('stats.json')]);
    expect(result).toEqual(JSON.parse(readFileSync(file('stats.json'), 'utf8')));
    expect(Object.keys(result)).toEqual(['0', '1']);
    const numbers = { std: expect.any(Number), mup: expect.any(Number), ratio: expect.any(Number) };
    const attention = ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((role) => `self_attn.${role}`);
    const roles = [...attention, 'mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'];
    const linears = Object.fromEntries(roles.map((role) => [role, numbers]));
    expect(result['0']).toEqual({ block_std: expect.any(Number), block_mup: expect.any(Number), ...linears });
  });
});

describe('quantize', () => {
  it('reports the size of the file, which is deterministic', async () => {
    const again = await sdqJson(['quantize', small.model, '--plan', small.plan, '-o', file('again.sdq')]);
    expect(Object.keys(again)).toEqual(['bytes', 'snrDb', 'seconds']);
    expect(again.bytes).toBe(statSync(small.weights).size);
    expect(again.snrDb).toBeGreaterThan(8);
    expect(readFileSync(file('again.sdq'))).toEqual(readFileSync(small.weights));
  });

  it('stores symbols and scales in what the plan says, and little besides', async () => {
    const { bytes } = await sdqJson<{ bytes: number }>(['plan', small.model, '--osr', '2']);
    const plan = canonicalPlan(JSON.parse(readFileSync(small.plan, 'utf8')) as Plan);
    const besides = statSync(small.weights).size - bytes - plan.length;
    // Embedding and head in int8 with a scale per row; norms, tables and the list of what lies where; the header.
    const matrices = 2 * 300 * 64;
    expect(besides).toBeGreaterThan(matrices);
    expect(besides).toBeLessThan(matrices + 2 * 300 * 4 + 28 * 1024 + 4096);
  });

  it('calibrates on a text', async () => {
    writeFileSync(file('text.jsonl'), '{"text": "the that a bath"}\n{"text": "a hat"}\n');
    const args = ['quantize', small.model, '--plan', small.plan, '-o', file('calibrated.sdq')];
    const { bytes } = await sdqJson([...args, '--calibration', file('text.jsonl')]);
    expect(bytes).toBe(statSync(file('calibrated.sdq')).size);
    expect(readFileSync(file('calibrated.sdq'))).not.toEqual(readFileSync(small.weights));
  });
});

describe('eval', () => {
  const texts = ['the cat that sat on the mat with a hat and a bath and the path', 'a hat', 'that'];
  const context = 24;
  const lengths = (): number[] => texts.map((text) => loadTokenizer(small.model).encode(text).length + 1);

  it('counts predictions of documents cut to the context, with null for what needs weights', async () => {
    writeFileSync(file('documents.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    const result = await sdqJson(['eval', small.model, '--text', file('documents.jsonl')]);
    expect(Object.keys(result)).toEqual(['tokens', 'nll']);
    expect(lengths()[0]).toBeGreaterThan(context);
    expect(result.tokens).toBe(lengths().reduce((sum, length) => sum + Math.min(length, context) - 1, 0));
    expect(result.nll).toEqual({ float: expect.any(Number), sdq: null, integer: null });
  });

  it('scores a .txt file in windows, and the quantized weights in float and in integers', async () => {
    writeFileSync(file('document.txt'), texts[0]!);
    const args = ['eval', small.model, '--text', file('document.txt'), '--weights', small.weights];
    const result = await sdqJson<{ tokens: number; nll: Record<'float' | 'sdq' | 'integer', number> }>(args);
    const length = lengths()[0]!;
    expect(result.tokens).toBe(length - Math.ceil(length / context));
    const { float, sdq: quantized, integer } = result.nll;
    expect(float).toBeGreaterThan(1);
    expect(quantized).not.toBe(float);
    expect(Math.abs(quantized - float)).toBeLessThan(3);
    expect(Math.abs(integer - quantized)).toBeLessThan(0.1);
  });

  it('takes the tokenizer that it is given', async () => {
    mkdirSync(file('bare'));
    for (const name of ['config.json', 'model.safetensors'])
      copyFileSync(join(small.model, name), join(file('bare'), name));
    const args = ['eval', 'bare', '--text', file('documents.jsonl'), '--tokenizer', 'small/tokenizer.json'];
    const result = await sdqJson(args, { cwd: folder });
    expect(result).toEqual(await sdqJson(['eval', small.model, '--text', file('documents.jsonl')]));
  });
});

describe('generate', () => {
  it('is reproducible, and leaves alone what is the same already', async () => {
    const result = await sdqJson(['generate', '--plan', small.plan, '-o', file('second')]);
    const fields = ['files', 'top', 'planHash', 'estimate', 'utilisation'];
    expect(Object.keys(result)).toEqual(expect.arrayContaining(fields));
    expect(result).toMatchObject({ top: 'sdq_top', planHash: small.planHash });
    expect(result.estimate).toMatchObject({
      luts: expect.any(Number),
      brams: expect.any(Number),
      cyclesPerToken: expect.any(Number),
    });
    expect(result.utilisation).toHaveLength(14);
    const made = listing(file('second'));
    expect(made).toEqual(listing(small.build));
    expect(Object.keys(made)).toEqual(expect.arrayContaining(result.files as string[]));
    // The plan beside the Verilog is the plan.
    expect(readFileSync(join(file('second'), 'plan.json'))).toEqual(readFileSync(small.plan));

    const times = (): number[] => Object.keys(made).map((name) => statSync(join(file('second'), name)).mtimeMs);
    const before = times();
    await sdqJson(['generate', '--plan', small.plan, '-o', relative(folder, file('second'))], { cwd: folder });
    expect(times()).toEqual(before);
  });

  it('does not say where or when it was made', () => {
    for (const name of Object.keys(listing(small.build)).filter((path) => path.endsWith('.v'))) {
      expect(readFileSync(join(small.build, name), 'utf8')).not.toContain(folder);
    }
  });
});

describe('lint', () => {
  it('passes the generated Verilog, and fails on a warning with what Verilator said', async () => {
    const { files } = await sdqJson<{ files: number }>(['lint', small.build]);
    expect(files).toBe(Object.keys(listing(small.build)).filter((path) => path.endsWith('.v')).length);

    const warned = file('warned');
    cpSync(small.build, warned, { recursive: true });
    const delay = join(warned, 'rtl/sdq_delay.v');
    writeFileSync(delay, readFileSync(delay, 'utf8').replace(/^endmodule/m, '  wire spare;\nendmodule'));
    const outcome = await sdq(['lint', warned, '--json']);
    expect(outcome.code).toBe(1);
    expect(jsonOf(outcome)).toEqual({
      clean: false,
      files,
      output: expect.stringMatching(/^%Warning-UNUSED\w*: rtl\/sdq_delay\.v:\d+/),
    });
    expect(await sdq(['lint', warned])).toMatchObject({ code: 1, stdout: expect.stringContaining('sdq_delay.v') });
  });
});

describe('schedule', () => {
  it('lists every linear with its cycles', async () => {
    const { schedule, cycles } = await sdqJson<{ schedule: { name: string; cycles: number }[]; cycles: number }>([
      'schedule',
      small.build,
    ]);
    expect(schedule).toHaveLength(14);
    expect(schedule[0]!.name).toBe('layers.0.self_attn.q_proj');
    expect(cycles).toBe(schedule.reduce((sum, entry) => sum + entry.cycles, 0));
    expect((await sdq(['schedule', small.build])).stdout).toContain(`${cycles} engine cycles per token`);
  });
});

describe('ports', () => {
  it('lists what --port takes', async () => {
    const { ports } = await sdqJson<{ ports: Record<string, unknown>[] }>(['ports']);
    for (const port of ports) {
      expect(port).toEqual({
        port: expect.stringMatching(/^(\/dev\/|COM|usb:)/),
        kind: expect.stringMatching(/^(serial|usb)$/),
        description: expect.stringMatching(/\S/),
        mayHaveBoard: expect.any(Boolean),
      });
    }
    const { stdout } = await sdq(['ports']);
    expect(stdout).toMatch(ports.length === 0 ? /^No serial port/ : String(ports[0]!.port));
  });
});

describe('doctor', () => {
  it('says what is there, and what each missing tool would enable', async () => {
    const { ready, checks } = await sdqJson<{ ready: boolean; checks: Record<string, unknown>[] }>(['doctor']);
    expect(ready).toBe(true);
    for (const check of checks) {
      expect(check).toEqual({
        name: expect.any(String),
        found: expect.any(Boolean),
        detail: expect.stringMatching(/\S/),
        enables: expect.stringMatching(/\S/),
      });
    }
    expect(checks[0]).toMatchObject({ name: 'Node', found: true, detail: process.versions.node });
  });
});
