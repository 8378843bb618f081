import { colours } from './colours.js';

const QUIET_INTERVAL_MS = 10_000;
const REDRAW_INTERVAL_MS = 80;

/** What a long step is at; always on stderr, so that stdout stays what the user asked for. */
export interface Progress {
  /** Says what is being done now. */
  update(text: string): void;
  /** Prints a line that stays. */
  note(text: string): void;
  /** Ends the step with a line that stays. */
  done(text: string): void;
  /** Ends the step without a line; harmless after `done`. */
  stop(): void;
}

/** A line that is rewritten on a terminal; elsewhere the first text and then one line in ten seconds. */
export function startProgress(title: string): Progress {
  return process.stderr.isTTY && process.env.TERM !== 'dumb' ? terminalProgress(title) : lineProgress(title);
}

/**
 * Needs no timer and hides no cursor: most steps keep the thread to themselves, and Ctrl-C may end the process at any
 * moment without a chance to tidy up.
 */
function terminalProgress(title: string): Progress {
  let text = title;
  let drawn = 0;
  let isOpen = true;
  const write = (line: string): void => void process.stderr.write(`\r\x1b[2K${line}`);
  const draw = (): void => write(cutToWidth(text, (process.stderr.columns || 80) - 1));
  const print = (line: string): void => write(`${line}\n`);
  draw();
  return {
    update: (what) => {
      text = `${title}: ${what}`;
      if (Date.now() - drawn < REDRAW_INTERVAL_MS) return;
      drawn = Date.now();
      draw();
    },
    note: (line) => {
      print(line);
      draw();
    },
    done: (line) => {
      isOpen = false;
      print(`${colours(process.stderr).green('✔')} ${line}`);
    },
    stop: () => {
      if (isOpen) write('');
      isOpen = false;
    },
  };
}

/** The beginning of a text that takes no more than `width` columns: a wrapped line could not be rewritten. */
function cutToWidth(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    // Wide characters, such as those of East Asian scripts, lie beyond this.
    used += character > '\u10ff' ? 2 : 1;
    if (used > width) return kept;
    kept += character;
  }
  return kept;
}

function lineProgress(title: string): Progress {
  process.stderr.write(`${title} ...\n`);
  let last = Date.now();
  return {
    update: (text) => {
      if (Date.now() - last < QUIET_INTERVAL_MS) return;
      last = Date.now();
      process.stderr.write(`${title}: ${text}\n`);
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    done: (text) => void process.stderr.write(`${text}\n`),
    stop: () => {},
  };
}

/** `37 % (12 of 32), about 2 min left` from the share done and the time since `started` (milliseconds). */
export function remaining(done: number, total: number, started: number): string {
  return `${Math.floor((100 * done) / total)} % (${done} of ${total})${timeLeft(done / total, started)}`;
}

/** `, about 2 min left` from the share done (0 … 1) and the time since `started` (milliseconds); empty at the start. */
export function timeLeft(share: number, started: number): string {
  if (!(share > 0)) return '';
  const left = ((Date.now() - started) / share) * (1 - share);
  return `, about ${duration(left / 1000)} left`;
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** A size in bytes as people say it. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
}

/** Columns aligned, the first to the left and the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows
    .map((row) => row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  '))
    .map((line, i) => (i === 0 ? colours(process.stdout).bold(line) : line))
    .join('\n');
}
