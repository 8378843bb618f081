import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cache, MAX_AGE_MS } from '../sim/verilator-bin/src/cache.js';
import { checkVerilatorArgs, parameterArgs } from '../sim/verilator-bin/src/check-options.js';
import { type CompileOptions, compile } from '../sim/verilator-bin/src/compile.js';
import { writeUnits } from '../sim/verilator-bin/src/generated.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { withLock } from '../sim/verilator-bin/src/lock.js';
import { FakeMachine } from './verilator-bin-fakes.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const ONE_REGISTER = `module top #(parameter [7:0] OFFSET = 0) (input clk_i, input [7:0] d_i, output reg [7:0] q_o);
  always @(posedge clk_i) q_o <= d_i + OFFSET;
endmodule
`;

const HARNESS = `#include "Vtop.h"
#include "print.h"
int main() {
  Vtop top;
  top.d_i = 40;
  top.clk_i = 0; top.eval();
  top.clk_i = 1; top.eval();
  print(top.q_o);
}
`;

function project(folder = 'project'): { verilog: string[]; cpp: string[]; headers: string[] } {
  return {
    verilog: [machine.write(`${folder}/rtl/top.v`, ONE_REGISTER)],
    cpp: [machine.write(`${folder}/sim/main.cpp`, HARNESS)],
    headers: [
      machine.write(
        `${folder}/sim/print.h`,
        '#include <cstdio>\ninline void print(int x) { std::printf("%d\\n", x); }\n',
      ),
    ],
  };
}

const noFiles = { verilog: [], cpp: [], headers: [] };

describe('the build cache, with fake tools', () => {
  const build = (change: Partial<CompileOptions> = {}, env: Record<string, string> = {}) =>
    compile({
      name: 'sim',
      top: 'top',
      ...(change.verilog ? noFiles : project()),
      host: machine.host({}, env),
      jobs: 1,
      ...change,
    });
  beforeEach(() => machine.installTools());

  it('builds once and never again while nothing changes', async () => {
    const first = await build();
    expect(first.cached).toBe(false);
    const calls = machine.compilations().length;
    const second = await build();
    expect(second).toMatchObject({ cached: true, executable: first.executable });
    expect(machine.compilations()).toHaveLength(calls);
    expect(machine.calls('verilator_bin').filter((call) => call.args.includes('--cc'))).toHaveLength(1);
  });

  it('hits from another copy of the project', async () => {
    const first = await build();
    expect(await build(project('somewhere/else'))).toMatchObject({ cached: true, executable: first.executable });
  });

  it.each<[string, () => Partial<CompileOptions>]>([
    ['a Verilog file', () => ({ verilog: [machine.write('project/rtl/top.v', `${ONE_REGISTER}// changed\n`)] })],
    ['a header', () => ({ headers: [machine.write('project/sim/print.h', '// changed')] })],
    ['an included Verilog header', () => ({ includeDirs: [join(machine.write('inc/a.vh', '`define A'), '..')] })],
    ['a parameter', () => ({ params: { OFFSET: 2 } })],
    ['a define', () => ({ defines: { FAST: true } })],
    ['a Verilator argument', () => ({ verilatorArgs: ['--trace'] })],
    ['a compiler flag', () => ({ cxxFlags: ['-DX=1'] })],
    ['the optimisation', () => ({ optimisation: 'build' as const })],
    ['the name', () => ({ name: 'other' })],
  ])('misses when %s changes', async (_what, change) => {
    await build();
    const files = project();
    expect((await build({ ...files, ...change() })).cached).toBe(false);
  });

  it('misses when the compiler changes', async () => {
    await build();
    machine.tool(
      'g++',
      "if (args.includes('--version')) console.log('g++ 99'); else fs.writeFileSync(args[args.indexOf('-o') + 1], '#!/bin/sh\\n', { mode: 0o755 });",
    );
    expect((await build()).cached).toBe(false);
  });

  it('compiles the run-time library once for many designs', async () => {
    await build();
    await build({ name: 'other' });
    const library = machine.compilations().filter((call) => call.args.some((arg) => arg.endsWith('/verilated.cpp')));
    expect(library).toHaveLength(1);
  });

  it('builds once when two callers ask at the same time', async () => {
    const results = await Promise.all([build(), build()]);
    expect(results.map((result) => result.cached).sort()).toEqual([false, true]);
    expect(results[0]?.executable).toBe(results[1]?.executable);
  });

  it('does not trust a truncated executable', async () => {
    truncateSync((await build()).executable, 1);
    expect((await build()).cached).toBe(false);
    expect((await build()).cached).toBe(true);
  });

  it("reports Verilator's errors with the original paths", async () => {
    const failing = build({}, { FAKE_VERILATOR_FAILS: '1' });
    await expect(failing).rejects.toMatchObject({
      code: 'VERILOG_FAILED',
      output: `%Error: ${join(machine.folder, 'project/rtl/top.v')}:3: syntax error`,
    });
    expect(readdirSync(join(machine.home, '.cache/fpga-verilator-bin/v1/partial'))).toEqual([]);
  });

  it('says what to do about a header that was not listed', async () => {
    // The compiler's own probe must pass first.
    await build({ name: 'warm' });
    const failing = build({ defines: { A: 1 } }, { FAKE_CXX_FAILS: '1' });
    await expect(failing).rejects.toThrow(/x\.h: No such file.*list missing headers/);
    await expect(failing).rejects.toMatchObject({ code: 'CXX_FAILED' });
  });

  it('stops on request and leaves nothing behind', async () => {
    await build({ name: 'warm' });
    const controller = new AbortController();
    const running = build({ name: 'slow', signal: controller.signal, defines: { A: 1 } }, { FAKE_CXX_SLEEP: '5' });
    setTimeout(() => controller.abort(), 300);
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(readdirSync(join(machine.home, '.cache/fpga-verilator-bin/v1/partial'))).toEqual([]);
    expect(readdirSync(join(machine.home, '.cache/fpga-verilator-bin/v1/locks'))).toEqual([]);
  });

  it('removes entries that are old, then the least recently used beyond the limit', async () => {
    const executable = (await build()).executable;
    const other = (await build({ name: 'other' })).executable;
    const cache = new Cache(machine.host());
    const hour = 3600 * 1000;
    const old = new Date(Date.now() - MAX_AGE_MS - hour);
    utimesSync(join(other, '..'), old, old);
    await cache.prune(Date.now() + 2 * hour);
    expect([existsSync(executable), existsSync(other)]).toEqual([true, false]);
    await cache.prune(Date.now() + 4 * hour, 1);
    expect(existsSync(executable)).toBe(false);
  });
});

describe('options', () => {
  it.each([['-Wno-fatal'], ['-Wno-lint'], ['--Mdir'], ['-Ifolder'], ['-DX'], ['-GX=1'], ['--binary']])(
    'refuses %s',
    (arg) => {
      expect(() => checkVerilatorArgs([arg])).toThrow(/waive|use|mode/i);
    },
  );

  it('accepts single waivers and tuning', () => {
    expect(() =>
      checkVerilatorArgs(['-Wno-UNUSED', '--trace', '--threads', '2', '--output-split', '5000']),
    ).not.toThrow();
  });

  it('writes integers that Verilog would truncate with a width', () => {
    expect(parameterArgs({ A: 5, B: 2n ** 40n, C: "8'hFF", D: -3 })).toEqual([
      '-GA=5',
      "-GB=44'h10000000000",
      "-GC=8'hFF",
      '-GD=-3',
    ]);
    expect(() => parameterArgs({ A: 0.5 })).toThrow(/not a safe integer/);
  });
});

describe('units of generated C++', () => {
  it.each([
    ['a large file by itself, small ones with the smallest', { a: 900, b: 600, c: 2, d: 1 }, [['a'], ['b', 'c', 'd']]],
    ['small files together', { a: 2, b: 3, c: 1 }, [['a', 'b', 'c']]],
    [
      'as many as have the size of a unit',
      { a: 80, b: 70, c: 75, d: 75 },
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
  ])('are %s', async (_, kilobytes, wanted) => {
    const folder = join(machine.write('obj/x', ''), '..');
    for (const [name, size] of Object.entries(kilobytes)) machine.write(`obj/${name}.cpp`, ' '.repeat(1000 * size));
    const units = await writeUnits(folder, 'unit', Object.keys(kilobytes));
    const included = units.map((unit) =>
      [...readFileSync(join(folder, unit), 'utf8').matchAll(/^#include "(\w+)\.cpp"$/gm)].map(([, name]) => name),
    );
    expect(included).toEqual(wanted);
  });
});

describe('locks', () => {
  const purpose = 'a test';
  it('takes over the lock of a process that died', async () => {
    const lock = join(machine.folder, 'lock');
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.on('close', resolve));
    mkdirSync(lock);
    const { hostname } = await import('node:os');
    writeFileSync(join(lock, 'owner'), `${hostname()} ${child.pid} x`);
    utimesSync(lock, new Date(Date.now() - 20_000), new Date(Date.now() - 20_000));
    expect(await withLock(lock, { purpose }, async () => 'ran')).toBe('ran');
    expect(existsSync(lock)).toBe(false);
  });

  it('takes over a lock without heartbeat, whoever holds it', async () => {
    const lock = join(machine.folder, 'lock');
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner'), 'another-host 1 x');
    utimesSync(lock, new Date(Date.now() - 2000), new Date(Date.now() - 2000));
    expect(await withLock(lock, { purpose, staleMs: 1000 }, async () => 'ran')).toBe('ran');
  });

  it('waits for a live one, and says so once', async () => {
    const lock = join(machine.folder, 'lock');
    const order: string[] = [];
    const lines: string[] = [];
    const first = withLock(lock, { purpose }, async () => {
      await sleep(500);
      order.push('first');
    });
    await sleep(50);
    await withLock(lock, { purpose, log: (line) => lines.push(line) }, async () => order.push('second'));
    await first;
    expect(order).toEqual(['first', 'second']);
    expect(lines).toEqual(['waiting for another process: a test']);
  });
});

describe('with the real Verilator', () => {
  it('compiles and runs a one-register design, then finds it in the cache', async () => {
    const options = { name: 'one-register', top: 'top', ...project(), params: { OFFSET: "8'd2" } };
    const first = await compile(options);
    expect(execFileSync(first.executable, { encoding: 'utf8' })).toBe('42\n');
    const again = await compile(options);
    expect(again).toMatchObject({ cached: true, executable: first.executable });
    expect(again.seconds).toBeLessThan(2);
  });

  it('lints: silence is ok, a warning is not, unless it is waived', async () => {
    const clean = project().verilog;
    expect(await lint({ files: clean, top: 'top' })).toMatchObject({ ok: true });
    const bad = [
      machine.write('bad.v', 'module top (input [3:0] a_i, output [7:0] b_o);\n  assign b_o = a_i;\nendmodule\n'),
    ];
    const result = await lint({ files: bad, top: 'top' });
    expect(result).toMatchObject({ ok: false, output: expect.stringContaining('WIDTH') });
    const waiver = machine.write(
      'bad.vlt',
      '`verilator_config\nlint_off -rule WIDTH -file "*/bad.v" -match "*b_o*"\nlint_off -rule WIDTHEXPAND -file "*/bad.v"\n',
    );
    expect((await lint({ files: bad, top: 'top', waivers: [waiver] })).output).not.toContain('%Warning-WIDTH:');
  });

  it('does not let a lint warning through a compilation', async () => {
    const { cpp, headers } = project();
    const verilog = [
      machine.write(
        'bad.v',
        `module top (input clk_i, input [3:0] d_i, output reg [7:0] q_o);\n  always @(posedge clk_i) q_o <= d_i;\nendmodule\n`,
      ),
    ];
    const failing = compile({ name: 'bad', top: 'top', verilog, cpp, headers });
    await expect(failing).rejects.toMatchObject({
      code: 'VERILOG_FAILED',
      output: expect.stringContaining(verilog[0]!),
    });
  });
});
