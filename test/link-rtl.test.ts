import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeRequest, FrameParser } from '../firmware/protocol/frames.js';
import { Responder } from '../firmware/protocol/responder.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import {
  compileFixture,
  FakeEngine,
  FIXTURE_FOLDER,
  fixtureInfo,
  fixtureVerilog,
  ROOT,
  STRESS,
} from './rtl/link/fixture.js';
import { fromHex, type Golden, toHex } from './rtl/link/golden.js';
import { randomStream } from './rtl/link/stream.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/protocol.json'), 'utf8')) as Golden;
const goldenIn = fromHex(golden.session.map(({ bytes }) => bytes).join(''));
const goldenOut = golden.session.map(({ answerBytes }) => answerBytes).join('');

function hasTool(command: string): boolean {
  return spawnSync(command, ['-V']).error === undefined;
}

interface StressOptions {
  readonly seed: number;
  /** Percent of cycles in which no byte is offered, and in which none is taken. */
  readonly idle: number;
  readonly stall: number;
  /** Also reported in INFO; the highest bit makes memory and results stall at random. */
  readonly nonce: number;
}

function stress(executable: string, bytes: Uint8Array, { seed, idle, stall, nonce }: StressOptions) {
  const args = [seed, idle, stall, nonce].map(String);
  const run = spawnSync(executable, args, { input: bytes, maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`stress ${args.join(' ')}: exit ${run.status}, ${run.stderr}${run.stdout}`);
  return { answer: new Uint8Array(run.stdout), cycles: Number(run.stderr.toString()) };
}

describe('the sources', () => {
  it('are clean for verilator -Wall, each module as the top', async () => {
    const files = fixtureVerilog().filter((file) => file.startsWith(join(ROOT, 'rtl')));
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) {
      const top = basename(file, '.v');
      const { ok, output } = await lint({
        top,
        files: [file],
        includeDirs: [...new Set(files.map((f) => dirname(f)))],
      });
      expect(ok, `${top}: ${output}`).toBe(true);
    }
  });

  it.skipIf(!hasTool('yosys'))('map their buffers to block memory and have no latches', () => {
    const files = fixtureVerilog().filter((file) => file.startsWith(join(ROOT, 'rtl')));
    const script = [
      `read_verilog ${files.join(' ')}`,
      'chparam -set INFO_BYTES 110 -set LINEARS 35 -set REGION0_BYTES 90112 sdq_host_link',
      'synth_ice40 -top sdq_host_link',
      'check -assert',
      'select -assert-none t:$_DLATCH_* t:$dlatch',
      'select -assert-count 9 t:SB_RAM40_4K', // 4096 bytes of receive ring, 512 bytes of encoder ring
      'stat',
    ].join('; ');
    const log = execFileSync('yosys', ['-p', script], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const luts = Number(/SB_LUT4\s+(\d+)/.exec(log.slice(log.lastIndexOf('Printing statistics')))?.[1]);
    expect(luts).toBeLessThan(1400);
  });

  it.skipIf(!hasTool('iverilog'))('refuse illegal parameters, naming them', () => {
    const elaborate = (...parameters: string[]) =>
      spawnSync('iverilog', ['-g2005', '-s', 'sdq_host_link', '-o', '/dev/null', ...parameters, ...fixtureVerilog()], {
        encoding: 'utf8',
      });
    expect(elaborate().status).toBe(0);
    for (const [parameter, message] of [
      ['RX_BYTES=4095', 'RX_BYTES_must_be_a_power_of_two_that_holds_a_frame'],
      ['RX_BYTES=1024', 'RX_BYTES_must_be_a_power_of_two_that_holds_a_frame'],
      ['MAX_BODY=7', 'MAX_BODY_must_be_8_to_65534'],
      ['LINEARS=0', 'LINEARS_must_be_1_to_65535'],
      ['REGION1_BYTES=268435457', 'REGION_BYTES_must_be_at_most_2_to_the_28'],
    ] as const) {
      const { status, stderr } = elaborate(`-Psdq_host_link.${parameter}`);
      expect(status, parameter).not.toBe(0);
      expect(stderr).toContain(message);
    }
  });
});

describe.skipIf(!hasTool('iverilog'))('in four-state simulation', () => {
  it('answers the golden session, with no unknown bit after reset', () => {
    const folder = tempDirectory();
    const [program, input, output] = ['link.vvp', 'in.hex', 'out.hex'].map((file) => join(folder, file)) as [
      string,
      string,
      string,
    ];
    const sources = [...fixtureVerilog(), join(FIXTURE_FOLDER, 'link_tb.v')];
    execFileSync('iverilog', ['-g2005', '-s', 'link_tb', '-o', program, ...sources]);
    writeFileSync(input, toHex(goldenIn).replace(/../g, '$&\n'));
    for (const seed of [1, 2]) {
      const plusargs = [`+in=${input}`, `+count=${goldenIn.length}`, `+out=${output}`, `+seed=${seed}`];
      const log = execFileSync('vvp', ['-n', program, ...plusargs], { encoding: 'utf8' });
      expect(log, `seed ${seed}`).not.toContain('unknown');
      expect(readFileSync(output, 'utf8').replace(/\s/g, ''), `seed ${seed}`).toBe(goldenOut);
    }
  });
});

describe('in Verilator', () => {
  let executable: string;
  let small: string;
  beforeAll(async () => {
    executable = await compileFixture(STRESS);
    // A ring of two frames meets its limits all the time.
    small = await compileFixture(STRESS, { params: { MAX_BODY: 24, RX_BYTES: 64 } });
  });

  it('answers the golden session', () => {
    for (const [idle, stall] of [
      [0, 0],
      [50, 0],
      [0, 50],
      [70, 70],
    ] as const) {
      const { answer } = stress(executable, goldenIn, { seed: 1, idle, stall, nonce: 1 });
      expect(toHex(answer), `idle ${idle}, stall ${stall}`).toBe(goldenOut);
    }
  });

  it('answers random streams, damaged frames and garbage as the reference does', () => {
    const seed = 20;
    const random = uniform(seed);
    for (let i = 0; i < 12; i++) {
      const [idle, stall] = [
        [0, 0],
        [0, 80],
        [60, 0],
        [40, 40],
      ][i % 4] as [number, number];
      const nonce = i % 3 === 0 ? 1 : 0x8000_0000 + i;
      const stream = randomStream(random, 150, 1024);
      const expected = new Responder(fixtureInfo(nonce), new FakeEngine()).receive(stream);
      const { answer } = stress(executable, stream, { seed: i, idle, stall, nonce });
      expect(toHex(answer), `seed ${seed}, stream ${i}, idle ${idle}, stall ${stall}`).toBe(toHex(expected));
    }
  });

  it('does so with a receive ring that is always full', () => {
    const seed = 21;
    const random = uniform(seed);
    for (let i = 0; i < 20; i++) {
      const [idle, stall] = [
        [0, 0],
        [0, 90],
        [30, 60],
      ][i % 3] as [number, number];
      const nonce = 0x8000_0000 + i;
      const stream = randomStream(random, 300, 24);
      const expected = new Responder({ ...fixtureInfo(nonce), maxBody: 24 }, new FakeEngine()).receive(stream);
      // INFO is a literal of the fixture and says 1024 whatever the parameter.
      const { answer } = stress(small, stream, { seed: i, idle, stall, nonce });
      expect(withoutInfo(answer), `seed ${seed}, stream ${i}`).toEqual(withoutInfo(expected));
    }
  });

  it('takes a long series of writes at one byte per cycle', () => {
    const frames = Array.from({ length: 64 }, (_, i) =>
      encodeRequest({ kind: 'write', address: 0, data: new Uint8Array(1020).fill(i + 1) }, i),
    );
    const stream = Uint8Array.from(frames.flatMap((frame) => Array.from(frame)));
    const { answer, cycles } = stress(executable, stream, { seed: 1, idle: 0, stall: 0, nonce: 1 });
    expect(answer).toEqual(new Responder(fixtureInfo(), new FakeEngine()).receive(stream));
    // Everything beside the stream itself: the last frame is executed after it has arrived, and the bench waits.
    expect(cycles - stream.length).toBeLessThan(1200);
  });

  it('reads memory for a CHECK at one byte per cycle', () => {
    const count = 50;
    const frames = Array.from({ length: count }, (_, i) =>
      encodeRequest({ kind: 'check', address: 0, length: 4096 }, i),
    );
    const { cycles } = stress(executable, Uint8Array.from(frames.flatMap((frame) => Array.from(frame))), {
      seed: 1,
      idle: 0,
      stall: 0,
      nonce: 1,
    });
    expect(cycles / count).toBeLessThan(4096 + 40);
  });
});

/** The answers frame by frame, without INFO. */
function withoutInfo(stream: Uint8Array): unknown[] {
  return new FrameParser().push(stream).filter((frame) => frame.ok && frame.type !== 0x81);
}
