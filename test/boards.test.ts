import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseBoard } from '../generator/boards/board.js';
import { boardNames, loadBoard } from '../generator/boards/node/load.js';
import { pllFor } from '../generator/boards/pll.js';
import { generate } from '../generator/emit/node/generate.js';
import { InputError } from '../generator/errors.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import { checkPlanMemory } from '../generator/plan/fit.js';
import { planHash } from '../generator/plan/hash.js';
import type { Plan } from '../generator/plan/types.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT } from './rtl/engine/icarus.js';
import { stories260K } from './rtl/engine/models.js';
import { icarus, lacks, yosys } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();
const stubs = join(ROOT, 'test/rtl/board/stubs');
const physical = boardNames().filter((name) => loadBoard(name).device !== null);

function planFor(board: string, osr = 2): Plan {
  const options = { alphabet: 'ternary', frame: 'hadamard', block: 64, placement: 'linear' } as const;
  return buildPlan(
    stories260K,
    planLinears(stories260K, options, () => osr),
    loadBoard(board),
    'linear',
  );
}

const lines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');

describe('PLLs', () => {
  it('make the clock within the ranges of the iCE40 data sheet', () => {
    for (const wanted of [24e6, 30e6, 48e6, 60e6]) {
      const { parameters, outputHz } = pllFor('ice40', 12_000_000, wanted);
      const { DIVR, DIVF, DIVQ, FILTER_RANGE } = parameters as Record<string, number>;
      const detector = 12e6 / (DIVR! + 1);
      const oscillator = detector * (DIVF! + 1);
      expect(detector).toBeGreaterThanOrEqual(10e6);
      expect(detector).toBeLessThanOrEqual(133e6);
      expect(oscillator).toBeGreaterThanOrEqual(533e6);
      expect(oscillator).toBeLessThanOrEqual(1066e6);
      expect(DIVQ).toBeGreaterThanOrEqual(1);
      expect(DIVQ).toBeLessThanOrEqual(6);
      expect(FILTER_RANGE).toBe(1);
      expect(outputHz).toBe(oscillator / 2 ** DIVQ!);
      expect(Math.abs(outputHz / wanted - 1)).toBeLessThanOrEqual(0.001);
    }
  });

  it('make the clock within the ranges of the ECP5 data sheet', () => {
    for (const wanted of [25e6, 60e6, 80e6, 100e6, 125e6]) {
      const { parameters, outputHz } = pllFor('ecp5', 25_000_000, wanted);
      const { CLKI_DIV, CLKFB_DIV, CLKOP_DIV } = parameters as Record<string, number>;
      expect(CLKFB_DIV).toBeLessThanOrEqual(80);
      expect(CLKOP_DIV).toBeLessThanOrEqual(128);
      expect(25e6 / CLKI_DIV!).toBeGreaterThanOrEqual(3.125e6);
      const output = (25e6 * CLKFB_DIV!) / CLKI_DIV!;
      expect(output * CLKOP_DIV!).toBeGreaterThanOrEqual(400e6);
      expect(output * CLKOP_DIV!).toBeLessThanOrEqual(800e6);
      expect(outputHz).toBe(Math.floor(output));
      expect(Math.abs(outputHz / wanted - 1)).toBeLessThanOrEqual(0.001);
    }
  });

  it('are refused where none reaches the clock', () => {
    expect(() => pllFor('ice40', 12_000_000, 300_000_000)).toThrow(RangeError);
    expect(() => pllFor('ecp5', 1_000_000, 80_000_000)).toThrow('no PLL of ecp5 makes 80000000 Hz from 1000000 Hz');
  });
});

describe.each(physical)('board %s', (name) => {
  const folder = join(directory, name);
  const board = loadBoard(name);
  const device = board.device!;
  beforeAll(() => {
    const plan = planFor(name);
    const result = generate(plan, planHash(plan), folder);
    expect(result.top).toBe('sdq_board');
    expect(result.estimate.brams).toBeLessThanOrEqual(board.blockRam.count!);
  });
  const verilog = (): string[] => [...lines(join(folder, 'files.f')), ...lines(join(folder, 'board/files.f'))];
  const stub = board.family === 'ice40' ? 'SB_PLL40_PAD.v' : 'EHXPLLL.v';

  it('has a wrapper that Verilator takes without a warning', async () => {
    const { output } = await lint({ files: [...verilog(), join(stubs, stub)], top: 'sdq_board', cwd: folder });
    expect(output).toBe('');
  });

  it.skipIf(lacks(icarus))('has a wrapper that Icarus takes without a warning', () => {
    const args = ['-g2005', '-Wall', '-s', 'sdq_board', '-o', 'board.vvp', ...verilog(), join(stubs, stub)];
    expect(execFileSync('sh', ['-c', `iverilog ${args.join(' ')} 2>&1`], { cwd: folder }).toString()).toBe('');
  });

  it.skipIf(lacks(yosys))('has a wrapper that fits the primitives of Yosys', () => {
    const cells = board.family === 'ice40' ? '+/ice40/cells_sim.v' : '+/ecp5/cells_sim.v +/ecp5/cells_bb.v';
    const script = `read_verilog -lib ${cells}; read_verilog ${verilog().join(' ')}; hierarchy -check -top sdq_board; proc; check -assert`;
    execFileSync('yosys', ['-q', '-p', script], { cwd: folder });
  });

  it('constrains every port of the wrapper, once', () => {
    const wrapper = readFileSync(join(folder, 'board/sdq_board.v'), 'utf8');
    const header = wrapper.slice(0, wrapper.indexOf(');'));
    const ports = [...header.matchAll(/(?:input|output)\s+wire\s+(\w+)/g)].map((match) => match[1]!);
    const constraints = readFileSync(
      join(folder, `board/sdq_board.${board.family === 'ice40' ? 'pcf' : 'lpf'}`),
      'utf8',
    );
    const located =
      board.family === 'ice40'
        ? [...constraints.matchAll(/^set_io .*?(\w+) (\w+)$/gm)]
        : [...constraints.matchAll(/^LOCATE COMP "(\w+)" SITE "(\w+)";$/gm)];
    expect(located.map((match) => match[1]).sort()).toEqual(ports.sort());
    expect(new Set(located.map((match) => match[2])).size).toBe(ports.length);
    expect(located.find((match) => match[1] === 'clk_i')?.[2]).toBe(device.oscillator.pin);
    expect(located.find((match) => match[1] === 'tx_o')?.[2]).toBe(device.tx.pin);
  });

  it('has a script with the commands of its tools', () => {
    const script = readFileSync(join(folder, 'board/build.sh'), 'utf8');
    expect(script).toContain(`nextpnr-${board.family} ${device.nextpnr.join(' ')} `);
    for (const file of verilog()) expect(script).toContain(` ${file}`);
    expect(script).toContain(`openFPGALoader ${device.openFPGALoader.join(' ')} board/sdq_board.bi`);
  });

  it('leaves nothing behind in a folder that then is for another board', () => {
    const moved = join(directory, `${name}-moved`);
    for (const next of [name, 'sim']) {
      const plan = planFor(next);
      generate(plan, planHash(plan), moved);
      if (next === name) writeFileSync(join(moved, 'board/notes.txt'), 'mine');
    }
    expect(readdirSync(join(moved, 'board'))).toEqual(['notes.txt']);
  });
});

describe('the array for a board', () => {
  it('has weight words that fit the memories with one port', () => {
    const board = loadBoard('icebreaker');
    const ram = board.singlePortRam!;
    const { memory } = planFor('icebreaker');
    expect(8 * memory.weights.wordBytes).toBeLessThanOrEqual(ram.count * ram.width);
    expect(memory.weights.words).toBeLessThanOrEqual(ram.words);
  });

  it('is refused with one sentence where the model is too large', () => {
    const plan = planFor('icebreaker', 2.875);
    expect(() => checkPlanMemory(plan, loadBoard('icebreaker'))).toThrow(
      /^the weights of this plan, \d+ words of \d+ bytes, take \d+ single-port RAMs; board icebreaker has 4$/,
    );
    expect(() => generate(plan, planHash(plan), join(directory, 'large'))).toThrow(InputError);
  });
});

describe('a board file', () => {
  const icebreaker = loadBoard('icebreaker');

  it('is refused with the field that is wrong', () => {
    const withDevice = (device: object): object => ({ ...icebreaker, device: { ...icebreaker.device, ...device } });
    const parse = (value: object) => () => parseBoard(value, 'x.json');
    expect(parse(withDevice({ led: { pin: 37 } }))).toThrow('x.json: device.led: pin must be a text');
    expect(parse(withDevice({ nextpnr: '--up5k' }))).toThrow('x.json: device: nextpnr must be a list');
    expect(parse(withDevice({ constants: [{ name: 'a', pin: '1', value: 2 }] }))).toThrow(
      'x.json: device.constants[0].value must be 0 or 1',
    );
    expect(parse({ ...icebreaker, link: { ...icebreaker.link, kind: 'usb' } })).toThrow(
      'link.kind must be bytes or uart',
    );
    expect(parse({ ...icebreaker, device: null })).toThrow('every other a "uart" and a device');
  });
});

describe('a decoder on board ulx3s-85f', () => {
  const folder = join(directory, 'decoder');
  const board = loadBoard('ulx3s-85f');

  // Weights on chip, and in the SDRAM.
  it.each([1, 6])('of %d layers has a wrapper that Verilator takes without a warning', async (layers) => {
    const config = { ...stories260K, layers, hidden: 172 * layers, context: 64 };
    const options = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'decoder' } as const;
    const linears = planLinears(config, options, () => 2.5 * Math.min(2, layers));
    const plan = buildPlan(config, linears, board, 'decoder');
    generate(plan, planHash(plan), folder);
    const top = readFileSync(join(folder, 'sdq_top.v'), 'utf8');
    expect(top.includes('sdq_sdram_weights')).toBe(layers > 1);
    const files = [...lines(join(folder, 'files.f')), ...lines(join(folder, 'board/files.f'))];
    const cells = ['EHXPLLL.v', ...(layers > 1 ? ['BB.v', 'ODDRX1F.v'] : [])].map((cell) => join(stubs, cell));
    const { output } = await lint({ files: [...files, ...cells], top: 'sdq_board', cwd: folder });
    expect(output).toBe('');
  });
});
