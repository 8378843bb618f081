import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseBoard } from '../generator/boards/board.js';
import { boardNames, loadBoard } from '../generator/boards/node/load.js';
import { generate } from '../generator/emit/node/generate.js';
import { InputError } from '../generator/errors.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import { planHash } from '../generator/plan/hash.js';
import type { Alphabet, FrameMode, Placement, Plan } from '../generator/plan/types.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { stories260K } from './rtl/engine/models.js';
import { icarus, lacks, yosys } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

function planOf(
  alphabet: Alphabet = 'ternary',
  frame: FrameMode = 'hadamard',
  osr = 2.5,
  placement: Placement = 'linear',
): Plan {
  const linears = planLinears(stories260K, { alphabet, frame, block: 64, placement }, () => osr);
  return buildPlan(stories260K, linears, loadBoard('sim'), placement);
}

function filesOf(folder: string): Map<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

const listedFiles = (folder: string): string[] => readFileSync(join(folder, 'files.f'), 'utf8').trim().split('\n');

/** A copy of a memory's file with its first words and its last one: Yosys reads 5000 of them for ten seconds. */
function withFewWords(folder: string, file: string): string {
  const few = `few-words-${file}`;
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  const words = lines.filter((line) => /^ +words\[\d+\] = /.test(line));
  expect(words.length).toBeGreaterThan(1000);
  const left = new Set(words.slice(100, -1));
  writeFileSync(join(folder, few), lines.filter((line) => !left.has(line)).join('\n'));
  return few;
}

describe('generate', () => {
  const directory = tempDirectory();
  const plan = planOf();
  const hash = planHash(plan);

  it('writes the plan, the cores and what is generated around them', () => {
    const folder = join(directory, 'first');
    const result = generate(plan, hash, folder);
    expect(result).toMatchObject({ top: 'sdq_top', planHash: hash });
    expect(result.files).toEqual([...filesOf(folder).keys()].sort());
    expect(result.utilisation).toHaveLength(plan.linears.length);
    expect(result.estimate.luts).toBeGreaterThan(1000);
    expect(result.estimate.cyclesPerToken).toBeGreaterThan(1000);
    expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(plan)));
    const verilog = result.files.filter((file) => file.endsWith('.v'));
    expect(listedFiles(folder).sort()).toEqual(verilog);
    const top = readFileSync(join(folder, 'sdq_top.v'), 'utf8');
    expect(top).toContain(`// Plan ${hash}`);
    expect(top).not.toMatch(/\d{4}-\d\d-\d\d|\/(home|work|tmp)\//);
  });

  it('writes the same bytes again, and leaves files alone that have them', () => {
    const [a, b] = [join(directory, 'same-a'), join(directory, 'same-b')];
    generate(plan, hash, a);
    generate(planOf(), hash, b);
    expect(filesOf(a)).toEqual(filesOf(b));
    const before = [...filesOf(a).keys()].map((file) => statSync(join(a, file), { bigint: true }).mtimeNs);
    generate(plan, hash, a);
    expect([...filesOf(a).keys()].map((file) => statSync(join(a, file), { bigint: true }).mtimeNs)).toEqual(before);
  });

  it('replaces an earlier build, and keeps what it did not write', () => {
    const folder = join(directory, 'replaced');
    generate(plan, hash, folder);
    writeFileSync(join(folder, 'rtl', 'sdq_old.v'), 'module sdq_old; endmodule\n');
    writeFileSync(join(folder, 'files.f'), `${listedFiles(folder).join('\n')}\nrtl/sdq_old.v\n../outside.v\n`);
    writeFileSync(join(directory, 'outside.v'), '');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const other = planOf('ternary', 'hadamard', 2);
    generate(other, planHash(other), folder);
    const files = filesOf(folder);
    expect(files.has('rtl/sdq_old.v')).toBe(false);
    expect(files.get('notes.txt')).toBe('mine');
    expect(files.get('sdq_top.v')).toContain(planHash(other));
    expect(readdirSync(directory)).toContain('outside.v');
  });

  it('leaves nothing of a decoder in a folder that then is for linears', () => {
    const [folder, alone] = [join(directory, 'changed'), join(directory, 'alone')];
    const decoder = planOf('ternary', 'hadamard', 2, 'decoder');
    const { files } = generate(decoder, planHash(decoder), folder);
    expect(files).toEqual([...filesOf(folder).keys()].sort());
    expect(files).toEqual(expect.arrayContaining(['build.json', 'sdq_program.v', 'sdq_tables.v', 'rtl/sdq_decoder.v']));
    generate(plan, hash, folder);
    generate(plan, hash, alone);
    expect(filesOf(folder)).toEqual(filesOf(alone));
  });

  it('refuses a folder that holds something else', () => {
    const folder = join(directory, 'taken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'plan.json'), '{"format":"another"}');
    expect(() => generate(plan, hash, folder)).toThrow(InputError);
    expect(readdirSync(folder)).toEqual(['plan.json']);
  });
});

describe.each([
  ['ternary', 'hadamard', 'linear'],
  ['ternary', 'fourier', 'linear'],
  ['binary', 'hadamard', 'linear'],
  ['binary', 'fourier', 'linear'],
  ['ternary', 'hadamard', 'decoder'],
] as const)('the Verilog for %s symbols, a %s frame and placement %s', (alphabet, frame, placement) => {
  const folder = join(tempDirectory(), 'build');
  const outputOf = (command: string): string =>
    execFileSync('sh', ['-c', `${command} 2>&1`], { cwd: folder }).toString();
  beforeAll(() => {
    const plan = planOf(alphabet, frame, 2.5, placement);
    generate(plan, planHash(plan), folder);
  });

  it('is taken by Verilator without a warning', async () => {
    const linted = await lint({ files: listedFiles(folder), top: 'sdq_top', cwd: folder });
    expect(linted.output).toBe('');
    expect(linted.ok).toBe(true);
  });

  it.skipIf(lacks(icarus))('is taken by Icarus without a warning', () => {
    expect(outputOf('iverilog -g2005 -Wall -s sdq_top -o top.vvp -c files.f')).toBe('');
  });

  it.skipIf(lacks(yosys))('is taken by Yosys without a warning', () => {
    const files = listedFiles(folder).map((file) => (file === 'sdq_tables.v' ? withFewWords(folder, file) : file));
    const script = 'hierarchy -check -top sdq_top; proc; check -assert';
    expect(outputOf(`yosys -q -p "read_verilog ${files.join(' ')}; ${script}"`)).toBe('');
  });
});

describe('boards', () => {
  it('all have valid files', () => {
    expect(boardNames()).toContain('sim');
    for (const name of boardNames()) expect(loadBoard(name).name).toBe(name);
    expect(() => loadBoard('none')).toThrow('no board none; there are');
  });

  it('are refused with the field that is wrong', () => {
    const sim = { ...loadBoard('sim') };
    expect(() => parseBoard({ ...sim, clockHz: 0 }, 'x.json')).toThrow('x.json: clockHz must be a positive integer');
    expect(() => parseBoard({ ...sim, lutInputs: 5 }, 'x.json')).toThrow('lutInputs must be 4 or 6');
    expect(() => parseBoard({ ...sim, family: 'asic' }, 'x.json')).toThrow('family must be one of');
    expect(() => parseBoard({ ...sim, link: [] }, 'x.json')).toThrow('x.json: link must be an object');
    expect(() => parseBoard(null, 'x.json')).toThrow(InputError);
  });
});
