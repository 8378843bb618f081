import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../generator/boards/node/load.js';
import { generate } from '../generator/emit/node/generate.js';
import { shapeConfig } from '../generator/model/shapes.js';
import { packageRoot } from '../generator/node/package-root.js';
import { buildPlan, planLinears } from '../generator/plan/build-plan.js';
import { planHash } from '../generator/plan/hash.js';
import type { Plan } from '../generator/plan/types.js';
import { checkMemory, weightsInSdram } from '../generator/sizing/memory.js';
import { sdramBytes, sdramCycles, sdramParameters, WeightStreamTimes } from '../generator/sizing/sdram.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { stories260K } from './rtl/engine/models.js';
import {
  caseParameters,
  compileSdramBench,
  MODEL,
  PART,
  RTL,
  type SdramCase,
  SMALL_PART,
  streamsOf,
} from './rtl/sdram/bench.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

/** Each seed is logged in the test's name. */
const SEED = 30;

const CASES: readonly (SdramCase & { readonly idle: number; readonly gap: number; readonly rounds: number })[] = [
  { part: SMALL_PART, clockHz: 25e6, wordBytes: 8, idle: 0, gap: 0, rounds: 3 },
  { part: PART, clockHz: 80e6, wordBytes: 24, idle: 50, gap: 0, rounds: 2 },
  { part: { ...SMALL_PART, casLatency: 3 }, clockHz: 133e6, wordBytes: 96, idle: 0, gap: 60, rounds: 2 },
  { part: { ...SMALL_PART, columnWidth: 8 }, clockHz: 50e6, wordBytes: 4, depth: 16, idle: 20, gap: 0, rounds: 4 },
  { part: SMALL_PART, clockHz: 100e6, wordBytes: 12, depth: 32, idle: 80, gap: 2, rounds: 3 },
];

const nameOf = ({ part, clockHz, wordBytes, depth, idle, gap }: (typeof CASES)[number]): string =>
  `${clockHz / 1e6} MHz, CL ${part.casLatency}, words of ${wordBytes} bytes, FIFO of ${depth ?? 256}, idle ${idle} %, gap ${gap}`;

/** A design with one line changed. */
function broken(folder: string, file: string, from: string, to: string): string[] {
  return RTL.map((path) => {
    if (basename(path) !== file) return path;
    const source = readFileSync(path, 'utf8');
    expect(source).toContain(from);
    const copy = join(folder, file);
    writeFileSync(copy, source.replace(from, to));
    return copy;
  });
}

describe('the timings', () => {
  it('are the least numbers of cycles that take as long', () => {
    expect(sdramCycles(PART, 80e6)).toEqual({
      ...{ rcd: 2, rp: 2, ras: 4, rc: 6, rrd: 2, rfc: 6, wr: 2, mrd: 2 },
      ...{ refi: 624, powerUp: 16000 },
    });
    expect(sdramCycles(PART, 100e6)).toMatchObject({ rcd: 2, rc: 7, rfc: 7, refi: 781 });
    expect(sdramBytes(PART)).toBe(32 * 2 ** 20);
  });

  it('are refused where the controller does not meet them', () => {
    expect(() => sdramParameters({ ...PART, ns: { ...PART.ns, rc: 200 } }, 100e6)).toThrow(/does not meet/);
    expect(() => sdramParameters(PART, 500e6)).toThrow(/does not meet/);
  });
});

describe('a board with SDRAM', () => {
  const folder = tempDirectory();
  const board = loadBoard('sim-sdram');
  const planFor = (name: string): Plan => {
    const options = { alphabet: 'ternary', frame: 'hadamard', block: 64, placement: 'linear' } as const;
    const linears = planLinears(stories260K, options, () => 2);
    return buildPlan(stories260K, linears, loadBoard(name), 'linear');
  };

  it('holds weights there that do not fit on chip, and gets an array that is no larger than its memory is fast', () => {
    const plan = planFor('sim-sdram');
    expect(weightsInSdram(plan.memory, board)).toBe(true);
    expect(weightsInSdram(plan.memory, { ...board, memoryBits: 2 ** 30 })).toBe(false);
    expect(plan.array).toMatchObject({ lanes: 8, rows: 5 });
    const onChip = planFor('sim').array;
    expect(onChip.lanes * onChip.rows).toBeGreaterThan(40);
  });

  it('refuses weights that are larger than its SDRAM, and all that does not fit on chip beside it', () => {
    const { memory } = planFor('sim-sdram');
    const huge = { ...memory, weights: { ...memory.weights, words: 2 ** 22 + 1 } };
    expect(() => checkMemory(huge, board)).toThrow(/the SDRAM of board sim-sdram has 33554432/);
    expect(() => checkMemory(memory, { ...board, memoryBits: 1000 })).toThrow(/bits of memory/);
  });

  it('has clean Verilog, which another board does not keep', async () => {
    const plan = planFor('sim-sdram');
    generate(plan, planHash(plan), folder);
    const verilog = ['files.f', 'simulation.f'].flatMap((list) =>
      readFileSync(join(folder, list), 'utf8').trim().split('\n'),
    );
    const { output } = await lint({ files: verilog, top: 'sdq_simulation', cwd: folder });
    expect(output).toBe('');
    const other = planFor('sim');
    generate(other, planHash(other), folder);
    const left = readdirSync(folder, { recursive: true }) as string[];
    expect(left.filter((file) => /sdram|simulation|weight_stream/.test(file))).toEqual([]);
  });
});

describe('the ULX3S with weights in its SDRAM', () => {
  const folder = tempDirectory();
  const config = shapeConfig('stories15M');
  beforeAll(() => {
    const options = { alphabet: 'ternary', frame: 'hadamard', block: null, placement: 'linear' } as const;
    const plan = buildPlan(
      config,
      planLinears(config, options, () => 2),
      loadBoard('ulx3s-85f'),
      'linear',
    );
    generate(plan, planHash(plan), folder);
  });

  it('has a wrapper that Verilator takes without a warning', async () => {
    const files = ['files.f', 'board/files.f'].flatMap((list) =>
      readFileSync(join(folder, list), 'utf8').trim().split('\n'),
    );
    const stubs = ['EHXPLLL.v', 'ODDRX1F.v', 'BB.v'].map((file) => join(packageRoot(), 'test/rtl/board/stubs', file));
    const { output } = await lint({ files: [...files, ...stubs], top: 'sdq_board', cwd: folder });
    expect(output).toBe('');
  });

  it('constrains every pin of the SDRAM, once', () => {
    const constraints = readFileSync(join(folder, 'board/sdq_board.lpf'), 'utf8');
    const located = [...constraints.matchAll(/^LOCATE COMP "(sdram_[^"]+)" SITE "(\w+)";$/gm)];
    // Clock, its enable, four of a command, banks, address, masks, data.
    expect(located).toHaveLength(2 + 4 + 2 + 13 + 2 + 16);
    expect(new Set(located.map((match) => match[1])).size).toBe(located.length);
    expect(new Set(located.map((match) => match[2])).size).toBe(located.length);
  });
});

describe('the sources', () => {
  it('are clean for verilator -Wall, the model included', async () => {
    for (const [top, files] of [
      ['sdq_sdram_weights', RTL],
      ['sdq_sdram_model', [MODEL]],
    ] as const) {
      const { output } = await lint({ top, files: [...files] });
      expect(output).toBe('');
    }
  });
});

describe.skipIf(lacks(icarus))('weights in SDRAM', () => {
  const folder = tempDirectory();

  CASES.forEach((sdramCase, i) => {
    it(`are written, read and streamed, in as many cycles each time: ${nameOf(sdramCase)} (seed ${SEED + i})`, () => {
      const { rounds, idle, gap } = sdramCase;
      const { stdout, stderr } = compileSdramBench(folder, sdramCase).run({ seed: SEED + i, rounds, idle, gap });
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^PASS$/m);
      expect(streamsOf(stdout)).toHaveLength(2 * rounds);
    });
  });

  it.each([0, 60])('come in predicted cycles when the array takes %i cycles for a word', (gap) => {
    for (const sdramCase of CASES.filter(({ part }) => part !== PART)) {
      const { stdout } = compileSdramBench(folder, sdramCase).run({ seed: SEED, rounds: 1, idle: 0, gap });
      expect(stdout).toMatch(/^PASS$/m);
      for (const { first, words, cycles } of streamsOf(stdout)) {
        const times = new WeightStreamTimes(caseParameters(sdramCase), first);
        let at = -gap;
        for (let k = 0; k < words; k++) at = times.next(at + 1 + gap);
        expect(at, `${nameOf(sdramCase)}, ${words} words from ${first}`).toBe(cycles);
      }
    }
  });

  it('use 93 % of the beats and more', () => {
    for (const clockHz of [25e6, 80e6]) {
      const sdramCase = { part: SMALL_PART, clockHz, wordBytes: 96 };
      const [stream] = streamsOf(compileSdramBench(folder, sdramCase).run({ stream: 400 }).stdout);
      expect((stream!.words * 48) / stream!.cycles, `${clockHz / 1e6} MHz`).toBeGreaterThan(0.93);
    }
  });
});

describe.skipIf(lacks(icarus))('faults are seen', () => {
  const folder = tempDirectory();
  const sdramCase: SdramCase = { part: SMALL_PART, clockHz: 100e6, wordBytes: 24, depth: 32 };
  const run = (changes: Record<string, number>, idle: number, verilog?: readonly string[]) =>
    compileSdramBench(folder, sdramCase, changes, verilog).run({ seed: SEED, rounds: 2, idle });

  it.each([
    ['T_RCD', { T_RCD: 1 }],
    ['T_RP', { T_RP: 1 }],
    ['T_RAS', { T_RAS: 2 }],
    ['T_RFC', { T_RFC: 5 }],
    ['T_WR', { T_WR: 2, MODEL_T_WR: 6 }],
    ['T_MRD', { T_MRD: 1, MODEL_T_MRD: 3 }],
    ['T_REFI', { REFRESH_CYCLES: 1000 }],
    ['power-up', { INIT_PERIODS: 1 }],
  ])('by the model of the SDRAM: too short a %s', (said, changes) => {
    const { stdout, stderr } = run(changes, 0);
    expect(stderr).toContain(said);
    expect(stdout).not.toContain('PASS');
  });

  it.each([
    ['|| in_stream && opens_next', '', 'access to a closed bank'],
    ['if (refreshes) command_q <= REFRESH', 'if (refreshes) command_q <= NOP', 'before two refreshes'],
    ['assign burst_o = between && !leaves', 'assign burst_o = between', 'refresh or mode with an open bank'],
    ['sdram_dq_oe_o <= host_ready_o && host_write_i', "sdram_dq_oe_o <= 1'b0", 'write without data'],
    ['sdram_dq_oe_o <= host_ready_o && host_write_i', 'sdram_dq_oe_o <= host_ready_o', 'driven without a write'],
    ["{6'b000100,", "{6'b000000,", 'mode is not supported'],
  ])('by the model of the SDRAM: "%s" as "%s"', (from, to, said) => {
    const { stdout, stderr } = run({}, 0, broken(folder, 'sdq_sdram.v', from, to));
    expect(stderr).toContain(said);
    expect(stdout).not.toContain('PASS');
  });

  it.each([
    ['sdq_sdram.v', '{!host_byte_i, host_byte_i}', '{host_byte_i, !host_byte_i}', 0],
    ['sdq_sdram.v', '|| starts || timer_q', '|| timer_q', 0],
    ['sdq_weight_stream.v', 'skip_q  <= skip_i', "skip_q  <= 3'd0", 0],
    ['sdq_weight_stream.v', 'assign out_ready = !whole', "assign out_ready = 1'b1", 80],
    ['sdq_weight_stream.v', 'assign room_o = taken_q <= MOST_TAKEN[DEPTH_WIDTH:0]', "assign room_o = 1'b1", 80],
  ])('by the bench: %s with "%s" as "%s"', (file, from, to, idle) => {
    // With many refreshes, streams that begin at different times within a period differ.
    const { stdout } = run({ REFRESH_CYCLES: 120, INIT_PERIODS: 20 }, idle, broken(folder, file, from, to));
    expect(stdout).toMatch(/mismatch|other times/);
    expect(stdout).not.toContain('PASS');
  });
});
