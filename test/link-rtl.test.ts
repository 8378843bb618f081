import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cobsEncode } from '../firmware/protocol/cobs.js';
import { encodeRequest, encodeResponse, FrameParser } from '../firmware/protocol/frames.js';
import { PROTOCOL_VERSION } from '../firmware/protocol/messages.js';
import { Responder } from '../firmware/protocol/responder.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import {
  compileFixture,
  FakeDecoder,
  FakeEngine,
  FIXTURE_FOLDER,
  fixtureInfo,
  fixtureVerilog,
  ROOT,
  SMALL,
  STRESS,
  stepInfo,
} from './rtl/link/fixture.js';
import { fromHex, type Golden, goldenStreams, toHex } from './rtl/link/golden.js';
import { randomStream } from './rtl/link/stream.js';
import { stress } from './rtl/link/stress.js';
import { icarus, lacks, yosys } from './support/needs.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/protocol.json'), 'utf8')) as Golden;
const goldenIn = fromHex(golden.session.map(({ bytes }) => bytes).join(''));
const goldenOut = golden.session.map(({ answerBytes }) => answerBytes).join('');
const goldenSteps = goldenStreams(golden.stepSession);

const HELLO = encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 0);

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

  it.skipIf(lacks(yosys))('map their buffers to block memory and have no latches', () => {
    const files = fixtureVerilog().filter((file) => file.startsWith(join(ROOT, 'rtl')));
    // 4096 bytes of receive ring and 512 bytes of encoder ring in memories of 512 bytes.
    const script = [
      `read_verilog ${files.join(' ')}`,
      'hierarchy -check -top sdq_host_link',
      'proc; opt_clean; check -assert',
      'select -assert-none t:$dlatch t:$adlatch t:$dlatchsr',
      'design -reset',
      `read_verilog ${files.join(' ')}`,
      'synth_ice40 -top sdq_frame_rx -run begin:map_gates',
      'select -assert-count 8 t:SB_RAM40_4K',
      'design -reset',
      `read_verilog ${files.join(' ')}`,
      'synth_ice40 -top sdq_cobs_encode -run begin:map_gates',
      'select -assert-count 1 t:SB_RAM40_4K',
    ].join('; ');
    execFileSync('yosys', ['-q', '-p', script], { stdio: 'pipe' });
  });

  it.skipIf(lacks(icarus))('refuse illegal parameters, naming them', () => {
    // Icarus makes its output executable, whatever that is: a device would change its mode.
    const output = join(tempDirectory(), 'link.vvp');
    const elaborate = (...parameters: string[]) =>
      spawnSync('iverilog', ['-g2005', '-s', 'sdq_host_link', '-o', output, ...parameters, ...fixtureVerilog()], {
        encoding: 'utf8',
      });
    expect(elaborate().status).toBe(0);
    for (const [parameter, message] of [
      ['RX_BYTES=4095', 'RX_BYTES_must_be_a_power_of_two_that_holds_a_frame'],
      ['RX_BYTES=1024', 'RX_BYTES_must_be_a_power_of_two_that_holds_a_frame'],
      ['MAX_BODY=7', 'MAX_BODY_must_be_8_to_65534'],
      ['LINEARS=0', 'LINEARS_must_be_1_to_65535'],
      ['REGION1_BYTES=268435457', 'REGION_BYTES_must_be_at_most_2_to_the_28'],
      ['REGION5_BYTES=268435457', 'REGION_BYTES_must_be_at_most_2_to_the_28'],
    ] as const) {
      const { status, stderr } = elaborate(`-Psdq_host_link.${parameter}`);
      expect(status, parameter).not.toBe(0);
      expect(stderr).toContain(message);
    }
  });
});

describe.skipIf(lacks(icarus))('in four-state simulation', () => {
  const folder = tempDirectory();
  const path = (name: string) => join(folder, name);

  function build(top: string, parameters = ''): string {
    const program = path(`${top}.vvp`);
    const sources = [...fixtureVerilog(), join(FIXTURE_FOLDER, `${top}.v`)];
    execFileSync('iverilog', ['-g2005', `-DTOP_PARAMETERS=${parameters}`, '-s', top, '-o', program, ...sources]);
    return program;
  }

  const simulate = (program: string, plusargs: Readonly<Record<string, string | number>>) =>
    execFileSync('vvp', ['-n', program, ...Object.entries(plusargs).map(([name, value]) => `+${name}=${value}`)], {
      encoding: 'utf8',
    });
  const lines = (name: string) => readFileSync(path(name), 'utf8').trim().split('\n');

  it('encodes and decodes COBS as the reference does', () => {
    const program = build('cobs_tb');
    const seed = 7;
    const random = uniform(seed);
    const messages = golden.cobs.map(({ decoded }) => fromHex(decoded)).filter((message) => message.length > 0);
    for (let i = 0; i < 60; i++) {
      const zeros = random() < 0.5 ? 0 : random() * 0.3;
      const length = 1 + Math.floor(random() * (random() < 0.5 ? 20 : 800));
      messages.push(Uint8Array.from({ length }, () => (random() < zeros ? 0 : 1 + Math.floor(random() * 255))));
    }
    const items = messages.flatMap((message) =>
      Array.from(message, (byte, i) => byte + (i + 1 === message.length ? 256 : 0)),
    );
    writeFileSync(path('cobs.in'), items.map((item) => item.toString(16)).join('\n'));
    const files = { in: path('cobs.in'), encoded: path('cobs.encoded'), decoded: path('cobs.decoded') };
    simulate(program, { ...files, count: items.length, seed });
    expect(lines('cobs.encoded').join('')).toBe(messages.map((message) => `${toHex(cobsEncode(message))}00`).join(''));
    expect(lines('cobs.decoded').join('')).toBe(messages.map((message) => `${toHex(message)}end`).join(''));
  });

  it('answers the golden session, with no unknown bit after reset', () => {
    const program = build('link_tb');
    writeFileSync(path('link.in'), toHex(goldenIn).replace(/../g, '$&\n'));
    for (const seed of [1, 2]) {
      const log = simulate(program, { in: path('link.in'), count: goldenIn.length, out: path('link.out'), seed });
      expect(log, `seed ${seed}`).not.toContain('unknown');
      expect(lines('link.out').join(''), `seed ${seed}`).toBe(goldenOut);
    }
  });

  it('answers the golden session of steps, with no unknown bit after reset', () => {
    const program = build('link_tb', '#(.STEPS(1))');
    const { input, answer } = goldenSteps;
    writeFileSync(path('link.in'), toHex(input).replace(/../g, '$&\n'));
    for (const seed of [1, 2]) {
      const log = simulate(program, { in: path('link.in'), count: input.length, out: path('link.out'), seed });
      expect(log, `seed ${seed}`).not.toMatch(/unknown|fake|sdq_top:|busy/);
      expect(lines('link.out').join(''), `seed ${seed}`).toBe(toHex(answer));
    }
  });
});

describe('with steps, in Verilator', () => {
  let executable: string;
  beforeAll(async () => {
    executable = await compileFixture(STRESS, { params: { STEPS: 1 } });
  });

  it('answers the golden session', () => {
    for (const [idle, stall] of [
      [0, 0],
      [50, 0],
      [0, 50],
      [70, 70],
    ] as const) {
      const { answer } = stress(executable, goldenSteps.input, { seed: 1, idle, stall, nonce: 1 });
      expect(toHex(answer), `idle ${idle}, stall ${stall}`).toBe(toHex(goldenSteps.answer));
    }
  });

  it('answers random streams, damaged frames and garbage as the reference does', () => {
    const seed = 22;
    const random = uniform(seed);
    let tokens = 0;
    for (let i = 0; i < 12; i++) {
      const [idle, stall] = [
        [0, 0],
        [0, 80],
        [60, 0],
        [40, 40],
      ][i % 4] as [number, number];
      const nonce = i % 3 === 0 ? 1 : 0x8000_0000 + i;
      const stream = randomStream(random, 150, 1024);
      const expected = new Responder(stepInfo(nonce), new FakeDecoder()).receive(stream);
      tokens += new FrameParser().push(expected).filter((frame) => frame.ok && frame.type === 0x85).length;
      const { answer } = stress(executable, stream, { seed: i, idle, stall, nonce });
      expect(toHex(answer), `seed ${seed}, stream ${i}, idle ${idle}, stall ${stall}`).toBe(toHex(expected));
    }
    expect(tokens).toBeGreaterThan(200);
  });

  it('takes at most 32 bytes of the line per token, both ways', () => {
    const position = 3;
    const count = 8;
    const step = {
      kind: 'step',
      position,
      count,
      stop: 2,
      tokens: [77],
      flags: { logits: false, stops: true },
    } as const;
    const stream = Uint8Array.of(...HELLO, ...encodeRequest(step, 1));
    const { answer } = stress(executable, stream, { seed: 1, idle: 0, stall: 0, nonce: 1 });
    const info = encodeResponse(stepInfo(), 0).length;
    expect((stream.length - HELLO.length + answer.length - info) / count).toBeLessThanOrEqual(32);
  });
});

describe('in Verilator', () => {
  let executable: string;
  let small: string;
  beforeAll(async () => {
    executable = await compileFixture(STRESS);
    // A ring of two frames meets its limits all the time.
    small = await compileFixture(STRESS, { params: { MAX_BODY: SMALL.maxBody, RX_BYTES: SMALL.rxBytes } });
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

  it('is seen to fail: without the CRC check the same streams give other answers', async () => {
    const name = 'sdq_frame_rx.v';
    const broken = join(tempDirectory(), name);
    const source = readFileSync(join(ROOT, 'rtl/link', name), 'utf8');
    writeFileSync(broken, source.replace('|| crc != CRC_RESIDUE', ''));
    expect(readFileSync(broken, 'utf8')).not.toBe(source);
    const verilog = fixtureVerilog().map((file) => (basename(file) === name ? broken : file));
    const { answer } = stress(await compileFixture(STRESS, { verilog }), goldenIn, {
      seed: 1,
      idle: 0,
      stall: 0,
      nonce: 1,
    });
    expect(toHex(answer)).not.toBe(goldenOut);
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
      const expected = new Responder(fixtureInfo(nonce, SMALL), new FakeEngine()).receive(stream);
      const { answer } = stress(small, stream, { seed: i, idle, stall, nonce });
      expect(toHex(answer), `seed ${seed}, stream ${i}`).toBe(toHex(expected));
    }
  });

  it('takes a long series of writes at one byte per cycle', () => {
    const frames = Array.from({ length: 64 }, (_, i) =>
      encodeRequest({ kind: 'write', address: 0, data: new Uint8Array(1020).fill(i + 1) }, i),
    );
    const stream = Uint8Array.from([HELLO, ...frames].flatMap((frame) => Array.from(frame)));
    const { answer, cycles } = stress(executable, stream, { seed: 1, idle: 0, stall: 0, nonce: 1 });
    expect(answer).toEqual(new Responder(fixtureInfo(), new FakeEngine()).receive(stream));
    // Everything beside the stream itself: the last frame is executed after it has arrived, and the bench waits.
    expect(cycles - stream.length).toBeLessThan(1200);
  });

  it('takes WRITEs as they come, whatever its buffer, from 64 cycles per byte on', () => {
    const frames = Array.from({ length: 200 }, (_, i) =>
      encodeRequest({ kind: 'write', address: 8 * i, data: new Uint8Array(20).fill(i + 1) }, i),
    );
    // What keeps the device busy, and as much behind it as the buffer holds.
    const check = encodeRequest({ kind: 'check', address: 0, length: 4096 }, 200);
    const stream = Uint8Array.from([HELLO, ...frames, check, frames[0]!].flatMap((frame) => Array.from(frame)));
    expect(check.length + frames[0]!.length).toBeLessThanOrEqual(SMALL.rxBytes);
    // Its memory stalls three cycles of four.
    const nonce = 0x8000_0005;
    const expected = toHex(new Responder(fixtureInfo(nonce, SMALL), new FakeEngine()).receive(stream));
    const options = { seed: 1, idle: 0, stall: 0, nonce };
    expect(toHex(stress(small, stream, { ...options, pace: 64 }).answer)).toBe(expected);
    expect(toHex(stress(small, stream, { ...options, pace: 1 }).answer)).not.toBe(expected);
  });

  it('reads memory for a CHECK at one byte per cycle', () => {
    const count = 50;
    const frames = Array.from({ length: count }, (_, i) =>
      encodeRequest({ kind: 'check', address: 0, length: 4096 }, i),
    );
    const { cycles } = stress(executable, Uint8Array.from([HELLO, ...frames].flatMap((frame) => Array.from(frame))), {
      seed: 1,
      idle: 0,
      stall: 0,
      nonce: 1,
    });
    expect(cycles / count).toBeLessThan(4096 + 40);
  });
});
