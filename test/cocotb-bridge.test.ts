import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { detect, verilatorFor } from '../sim/cocotb-bridge/src/detect.js';
import { serveOracle } from '../sim/cocotb-bridge/src/oracle.js';
import { decode, encode } from '../sim/cocotb-bridge/src/oracle-json.js';
import { PYTHON_DIR, runCocotb } from '../sim/cocotb-bridge/src/run.js';
import { lacks, python } from './support/needs.js';

const folder = mkdtempSync(join(tmpdir(), 'cocotb-bridge-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string, mode = 0o644): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, text);
  chmodSync(full, mode);
  return full;
}

const COUNTER = `module counter #(parameter STEP = 1) (input clk_i, input rst_ni, output reg [7:0] q_o);
  always @(posedge clk_i) if (!rst_ni) q_o <= 8'd0; else q_o <= q_o + STEP[7:0];
endmodule
`;

const TESTS = `import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from cocotb_bridge_oracle import connect


async def start(dut):
    cocotb.start_soon(Clock(dut.clk_i, 10, "ns").start())
    dut.rst_ni.value = 0
    await RisingEdge(dut.clk_i)
    await FallingEdge(dut.clk_i)
    dut.rst_ni.value = 1


@cocotb.test()
async def counts_as_the_golden_model_says(dut):
    await start(dut)
    with connect() as oracle:
        for cycle in range(1, 20):
            await FallingEdge(dut.clk_i)
            assert int(dut.q_o.value) == oracle.call("count", cycle=cycle)


@cocotb.test()
async def sees_a_fault(dut):
    await start(dut)
    await FallingEdge(dut.clk_i)
    assert int(dut.q_o.value) == 99, "the counter is not 99"
`;

describe('detect', () => {
  let bin: string;
  let serial = 0;
  beforeEach(() => {
    bin = join(folder, `path${serial++}`);
    mkdirSync(bin);
  });
  const fake = (name: string, output: string) =>
    write(join(bin, name).slice(folder.length + 1), `#!/bin/sh\necho '${output}'\n`, 0o755);
  const python = (version: string, cocotb: string | null) => fake('python3', JSON.stringify({ version, cocotb }));

  it('says that Python is missing', async () => {
    expect(await detect({ env: { PATH: bin } })).toEqual({
      available: false,
      reason: 'Python >= 3.8 was not found (looked for python3 and python)',
    });
  });

  it.each([
    ['3.7.1', '1.8.1', 'older than 3.8'],
    ['3.11.2', null, 'has no cocotb; install it with "python3 -m pip install cocotb"'],
    ['3.11.2', '1.7.2', 'cocotb 1.7.2'],
  ])('turns down Python %s with cocotb %s', async (version, cocotb, reason) => {
    python(version, cocotb);
    expect(await detect({ env: { PATH: bin } })).toMatchObject({
      available: false,
      reason: expect.stringContaining(reason),
    });
  });

  it('needs a simulator, and names those that are too old', async () => {
    python('3.11.2', '1.9.2');
    fake('iverilog', 'Icarus Verilog version 10.3 (stable) ()');
    fake('vvp', '');
    for (const tool of ['perl', 'make']) fake(tool, '');
    fake('verilator', 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)');
    const found = await detect({ env: { PATH: bin } });
    expect(found).toMatchObject({
      available: false,
      reason:
        'cocotb 1.9.2 is there, but Icarus Verilog 10.3 is older than 11, and Verilator 5.006 is older than 5.022, which cocotb 1.9.2 asks for',
    });
  });

  it('takes the same Verilator for an older cocotb', async () => {
    python('3.11.2', '1.8.1');
    for (const tool of ['perl', 'make']) fake(tool, '');
    fake('verilator', 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)');
    expect(await detect({ env: { PATH: bin } })).toMatchObject({
      available: true,
      python: { version: '3.11.2', cocotb: '1.8.1' },
      simulators: [{ name: 'verilator', version: '5.006' }],
    });
  });

  it('knows what each cocotb asks for', () => {
    expect(['1.8.0', '1.9.1', '2.0.1', '2.1.0'].map(verilatorFor)).toEqual(['5.006', '5.022', '5.036', '5.036']);
  });

  it('lets runCocotb skip with the reason', async () => {
    const options = {
      toplevel: 'counter',
      sources: [],
      testModule: 'test_counter',
      testDirs: [],
      buildDir: join(folder, 'none'),
    };
    expect(await runCocotb({ ...options, env: { PATH: bin } })).toEqual({
      status: 'skipped',
      reason: 'Python >= 3.8 was not found (looked for python3 and python)',
    });
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('the oracle', () => {
  it('keeps integers exact in JSON', () => {
    const value = { small: 7n, large: 2n ** 70n, list: new Int8Array([-1, 2]), wide: new BigInt64Array([5n]) };
    expect(encode(value)).toBe('{"small":7,"large":{"$int":"1180591620717411303424"},"list":[-1,2],"wide":[5]}');
    expect(decode(encode(value))).toEqual({ small: 7, large: 2n ** 70n, list: [-1, 2], wide: [5] });
  });

  const ask = async (script: string, env: Record<string, string> = {}): Promise<string> => {
    const options = { env: { ...process.env, PYTHONPATH: PYTHON_DIR, PYTHONDONTWRITEBYTECODE: '1', ...env } };
    return (
      await promisify(execFile)('python3', ['-c', `from cocotb_bridge_oracle import *\n${script}`], options)
    ).stdout.trim();
  };

  it.skipIf(lacks(python))('answers Python, errors included', async () => {
    const server = await serveOracle({
      sum: (params) => (params as { x: number[] }).x.reduce((a, b) => a + b, 0),
      square: (params) => (params as { x: bigint }).x ** 2n,
      slow: async (params) => {
        await sleep((params as { ms: number }).ms);
        return (params as { ms: number }).ms;
      },
      bad: () => {
        throw new RangeError('row 3 is out of range');
      },
      nothing: () => undefined,
    });
    try {
      expect(await ask('print(connect().call("sum", x=list(range(10000))))', server.env)).toBe('49995000');
      expect(await ask('print(connect().call("square", x=2**60) == 2**120)', server.env)).toBe('True');
      expect(await ask('print(connect().call("nothing"))', server.env)).toBe('None');
      // Answers arrive in another order than asked.
      const twice =
        'o = connect(); a = o.submit("slow", ms=200); b = o.submit("slow", ms=0); print(a.result(), b.result())';
      expect(await ask(twice, server.env)).toBe('200 0');
      const caught = (call: string) => `\ntry:\n  ${call}\nexcept OracleError as e:\n  print(e.name, e)`;
      expect(await ask(caught('connect().call("bad")'), server.env)).toBe('RangeError row 3 is out of range');
      expect(await ask(caught('connect().call("toString")'), server.env)).toContain(
        'no method "toString"; it has bad, nothing, slow, square, sum',
      );
      expect(await ask(caught('connect(token="guess").call("bad")'), server.env)).toContain('Wrong token');
      expect(await ask(caught('connect()'))).toContain('COCOTB_BRIDGE_ORACLE is not set');
    } finally {
      await server.close();
    }
    const gone = '\ntry:\n  connect()\nexcept OracleError as e:\n  print(e)';
    expect(await ask(gone, server.env)).toContain('no golden model at 127.0.0.1');
  });

  it.skipIf(lacks(python))('talks over standard streams', async () => {
    const index = JSON.stringify(join(PYTHON_DIR, '../dist/index.js'));
    const model = write(
      'model.mjs',
      `const { serveOracleStreams } = await import(${index});
await serveOracleStreams({ twice: ({ x }) => 2 * x }, process.stdin, process.stdout);`,
    );
    const script = `with spawn([${JSON.stringify(process.execPath)}, ${JSON.stringify(model)}]) as o: print(o.call("twice", x=21))`;
    expect(await ask(script)).toBe('42');
  });
});

/** Command lines of running processes that contain a text; none where there is no /proc. */
function processesNaming(text: string): string[] {
  if (!existsSync('/proc')) return [];
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.map(commandLine).filter((line) => line.includes(text));
}

/** '' when the process has ended meanwhile. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** A virtual environment with cocotb, made by hand for development, counts as well. */
function developmentEnvironment(): Record<string, string> {
  const venv = process.env.COCOTB_BRIDGE_VENV ?? join(homedir(), '.cache/cocotb-bridge/venv');
  if (!existsSync(join(venv, 'bin/python3'))) return {};
  return { PATH: `${join(venv, 'bin')}${delimiter}${process.env.PATH ?? ''}` };
}

const env = developmentEnvironment();
const detection = await detect({ env: { ...process.env, ...env } });
const cocotb = detection.available ? null : `cocotb cannot run: ${detection.reason}`;

describe.skipIf(lacks(cocotb))('real cocotb', () => {
  const base = {
    toplevel: 'counter',
    sources: [write('counter.v', COUNTER)],
    testDirs: [join(write('tests/test_counter.py', TESTS), '..')],
    testModule: 'test_counter',
    env,
    oracle: { count: (params: unknown) => ((params as { cycle: number }).cycle * 3) & 255 },
    parameters: { STEP: 3 },
  };
  // Verilator's makefiles optimise its run-time library, which takes longer than all that runs on it here.
  const unoptimised = { MAKEFLAGS: 'e', OPT_FAST: '-O0', OPT_GLOBAL: '-O0' };
  const simulators = detection.available ? detection.simulators.map(({ name }) => name) : [];

  it.each(simulators)('runs on %s and reports each test', async (simulator) => {
    const options = { ...base, env: { ...env, ...unoptimised }, simulator };
    const result = await runCocotb({ ...options, buildDir: join(folder, `build-${simulator}`) });
    expect(result, JSON.stringify(result)).toMatchObject({ status: 'failed', message: '' });
    if (result.status === 'skipped') return;
    expect(result.tests.map(({ name, status }) => [name, status])).toEqual([
      ['test_counter.counts_as_the_golden_model_says', 'passed'],
      ['test_counter.sees_a_fault', 'failed'],
    ]);
    expect(result.output).toContain('the counter is not 99');
  });

  it('passes when all tests pass, and fails when there are none', async () => {
    const only = write('tests2/test_one.py', TESTS.slice(0, TESTS.lastIndexOf('@cocotb.test')));
    const one = { ...base, testModule: 'test_one', testDirs: [join(only, '..')], buildDir: join(folder, 'build-one') };
    expect(await runCocotb(one)).toMatchObject({
      status: 'passed',
      message: '',
      tests: [{ status: 'passed', message: '' }],
    });
    write('tests3/test_none.py', 'import cocotb\n');
    const none = {
      ...base,
      testModule: 'test_none',
      testDirs: [join(folder, 'tests3')],
      buildDir: join(folder, 'build-one'),
    };
    expect(await runCocotb(none)).toMatchObject({ status: 'failed', tests: [] });
  });

  it('fails with the reason when the design does not compile', async () => {
    const sources = [write('bad.v', 'module counter(; endmodule\n')];
    const result = await runCocotb({ ...base, sources, buildDir: join(folder, 'build-bad') });
    expect(result).toMatchObject({ status: 'failed', tests: [], output: expect.stringContaining('bad.v') });
  });

  it('stops a simulation that never ends, simulator included', async () => {
    const endless = `import cocotb\nfrom cocotb.clock import Clock\nfrom cocotb.triggers import Timer\n@cocotb.test()\nasync def endless(dut):\n    cocotb.start_soon(Clock(dut.clk_i, 10, "ns").start())\n    await Timer(10**9, "ms")\n`;
    write('tests4/test_endless.py', endless);
    const options = {
      ...base,
      testModule: 'test_endless',
      testDirs: [join(folder, 'tests4')],
      buildDir: join(folder, 'build-endless'),
    };
    const result = await runCocotb({ ...options, timeoutSeconds: 6 });
    expect(result).toMatchObject({ status: 'failed', message: 'the simulation took longer than 6 s' });
    expect(processesNaming(join(folder, 'build-endless'))).toEqual([]);
  });
});
