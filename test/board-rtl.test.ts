import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../generator/boards/node/load.js';
import { uartRate } from '../generator/boards/uart.js';
import { ROOT } from './rtl/engine/icarus.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();
const core = (name: string): string => join(ROOT, 'rtl/board', `${name}.v`);
const UART = [core('sdq_uart_rx'), core('sdq_uart_tx')];
const BYTES = 200;

interface Line {
  readonly clockHz: number;
  readonly baud: number;
  /** Per mille by which the driver is fast. */
  readonly drift?: number;
  readonly glitches?: boolean;
  /** Percent of cycles in which a byte that waits is not taken. */
  readonly stall?: number;
  readonly seed?: number;
}

const PICOSECONDS = 1e12;

/** Compiles a bench. @returns the program */
function compile(top: string, verilog: readonly string[], parameters: Readonly<Record<string, number>> = {}): string {
  const program = join(directory, `${top}.vvp`);
  execFileSync('iverilog', [
    ...['-g2005', '-s', top, '-o', program],
    ...Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`),
    join(ROOT, 'test/rtl/board', `${top}.v`),
    ...verilog,
  ]);
  return program;
}

/** @returns the last line that the bench printed */
function runUart(line: Line, verilog: readonly string[] = UART): string {
  const { phaseWidth, step } = uartRate(line.clockHz, line.baud);
  const program = compile('uart_tb', verilog, { PHASE_WIDTH: phaseWidth, STEP: step });
  const options = {
    clock_ps: Math.round(PICOSECONDS / line.clockHz),
    bit_ps: Math.round(PICOSECONDS / line.baud),
    drift: line.drift ?? 0,
    glitches: line.glitches ? 1 : 0,
    stall: line.stall ?? 0,
    seed: line.seed ?? 1,
    bytes: BYTES,
  };
  const args = Object.entries(options).map(([name, value]) => `+${name}=${value}`);
  return execFileSync('vvp', [program, ...args])
    .toString()
    .trim()
    .split('\n')
    .at(-1)!;
}

const ALL_RIGHT = `done ${BYTES + 1} received, ${BYTES} transmitted, 0 errors`;

describe.skipIf(lacks(icarus))('the UART', () => {
  const rates = ['icebreaker', 'ulx3s-85f'].map((name) => {
    const { clockHz, link } = loadBoard(name);
    if (link.kind !== 'uart') throw new Error(`${name} has no UART`);
    return { name, clockHz, baud: link.baud };
  });

  it.each(rates)('of $name moves bytes at rates that are 2 % off, with back-pressure', ({ clockHz, baud }) => {
    for (const drift of [-20, 0, 20]) {
      for (const stall of [0, 90]) expect(runUart({ clockHz, baud, drift, stall, seed: 7 + drift })).toBe(ALL_RIGHT);
    }
  });

  it.each(rates)('of $name is not disturbed by short pulses', ({ clockHz, baud }) => {
    for (const seed of [1, 2, 3]) expect(runUart({ clockHz, baud, glitches: true, seed })).toBe(ALL_RIGHT);
  });

  it('bears both at once when a bit has more cycles', () => {
    const line = { clockHz: 80_000_000, baud: 3_000_000, glitches: true } as const;
    for (const drift of [-20, 20]) expect(runUart({ ...line, drift })).toBe(ALL_RIGHT);
  });

  it('is seen to fail when it samples at the wrong time', () => {
    const late = join(directory, 'late.v');
    const text = readFileSync(UART[0]!, 'utf8').replace('(PHASE_WIDTH - 1);', '(PHASE_WIDTH - 4);');
    expect(text).not.toBe(readFileSync(UART[0]!, 'utf8'));
    writeFileSync(late, text);
    expect(runUart({ clockHz: 24e6, baud: 3e6, drift: 20 }, [late, UART[1]!])).not.toBe(ALL_RIGHT);
  });
});

describe('the rate of a UART', () => {
  it('comes within a thousandth, with the shortest phase that does', () => {
    expect(uartRate(24_000_000, 3_000_000)).toEqual({ phaseWidth: 4, step: 2 });
    for (const [clockHz, baud] of [
      [80_000_000, 3_000_000],
      [24_000_000, 115_200],
      [100_000_000, 921_600],
    ] as const) {
      const { phaseWidth, step } = uartRate(clockHz, baud);
      expect(Math.abs((step * clockHz) / 2 ** phaseWidth / baud - 1)).toBeLessThanOrEqual(0.001);
    }
  });

  it('is refused where a bit has fewer than 8 cycles', () => {
    expect(() => uartRate(20_000_000, 3_000_000)).toThrow('fewer than 8 cycles');
  });
});

describe.skipIf(lacks(icarus))('the start of a board', () => {
  it('has a reset, a nonce that differs, and a lamp', () => {
    const program = compile('start_tb', ['sdq_reset', 'sdq_boot_nonce', 'sdq_activity_led'].map(core));
    expect(execFileSync('vvp', [program]).toString()).toBe('done 0 errors\n');
  });
});
