import { afterEach, describe, expect, it, vi } from 'vitest';
import { startProgress } from '../generator/cli/progress.js';

/** Whether there are colours is decided on import; CI would have them. */
vi.hoisted(() => vi.stubEnv('NO_COLOR', '1'));

const REDRAW_MS = 100;

let written = '';

/** Lets stderr be a terminal of 20 columns, or none, and keeps what is written to it. */
function standIn(isTTY: boolean): void {
  written = '';
  vi.useFakeTimers();
  vi.stubEnv('TERM', 'xterm');
  Object.assign(process.stderr, { isTTY, columns: 20 });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
}

const original = { isTTY: process.stderr.isTTY, columns: process.stderr.columns };

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
  Object.assign(process.stderr, original);
});

/** The lines that a terminal shows: a carriage return with "clear line" begins a line again. */
const shown = (): string[] => written.split('\n').map((line) => line.slice(line.lastIndexOf('\r\x1b[2K')).slice(5));

describe('progress on a terminal', () => {
  it('leaves nothing to tidy up to a command that Ctrl-C ends', () => {
    standIn(true);
    const signals = ['SIGINT', 'SIGTERM', 'exit'] as const;
    const listeners = () => signals.map((signal) => process.listenerCount(signal));
    const before = listeners();
    const progress = startProgress('Working');
    vi.advanceTimersByTime(REDRAW_MS);
    progress.update('half done');
    expect(listeners()).toEqual(before);
    expect(vi.getTimerCount()).toBe(0);
    // The only control sequence is "clear line": no hidden cursor.
    expect(written.replaceAll('\r\x1b[2K', '|')).toBe('|Working|Working: half done');
    progress.stop();
    progress.stop();
    expect(shown()).toEqual(['']);
  });

  it('keeps notes and the last line, and never wraps', () => {
    standIn(true);
    const progress = startProgress('Working');
    progress.note('A line that stays, however long it is');
    vi.advanceTimersByTime(REDRAW_MS);
    progress.update('layers.0.self_attn.q_proj');
    expect(shown()).toEqual(['A line that stays, however long it is', 'Working: layers.0.s']);
    vi.advanceTimersByTime(REDRAW_MS);
    progress.update('模型模型模型');
    expect(shown()[1]).toBe('Working: 模型模型模');
    progress.done('Done.');
    progress.stop();
    expect(shown().slice(1)).toEqual(['✔ Done.', '']);
  });
});

describe('progress elsewhere', () => {
  it('is lines, one in ten seconds', () => {
    standIn(false);
    const progress = startProgress('Working');
    progress.update('1 %');
    vi.advanceTimersByTime(10_000);
    progress.update('2 %');
    progress.update('3 %');
    progress.done('Done.');
    progress.stop();
    expect(written).toBe('Working ...\nWorking: 2 %\nDone.\n');
  });
});
