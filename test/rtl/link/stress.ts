import { spawnSync } from 'node:child_process';

export interface StressOptions {
  readonly seed: number;
  /** Percent of cycles in which no byte is offered, and in which none is taken. */
  readonly idle: number;
  readonly stall: number;
  /** Also reported in INFO; the highest bit makes memory and results stall at random. */
  readonly nonce: number;
  /** Cycles per byte of a line that waits for nobody; without it the line waits. */
  readonly pace?: number;
}

/** Feeds bytes into a link that stress.cpp was compiled with. @returns its answer, and the cycles */
export function stress(
  executable: string,
  bytes: Uint8Array,
  { seed, idle, stall, nonce, pace }: StressOptions,
): { answer: Uint8Array; cycles: number } {
  const args = [seed, idle, stall, nonce, ...(pace === undefined ? [] : [pace])].map(String);
  const run = spawnSync(executable, args, { input: bytes, maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`stress ${args.join(' ')}: exit ${run.status}, ${run.stderr}${run.stdout}`);
  return { answer: new Uint8Array(run.stdout), cycles: Number(run.stderr.toString()) };
}
