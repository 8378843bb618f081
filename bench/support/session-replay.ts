/** What a host said to the simulator, and how long it takes to simulate that again. */

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';

/** The bytes of one write of the host. */
export type Chunk = Buffer;

/** How a session was simulated once more. */
export interface Replay {
  readonly cycles: number;
  /** Bytes that the accelerator answered with. */
  readonly answered: number;
  /** From the first byte to the last answer. */
  readonly seconds: number;
  /** Of the simulator's process, in the same time: what else the machine does counts little here. */
  readonly cpuSeconds: number;
}

/** As sim/harness/main.cpp has them: before the bytes of a chunk its length, before an answer its length and three counts. */
const LENGTH_BYTES = 4;
const ANSWER_HEADER_BYTES = 28;

/** Writes a program that is the simulator, and that keeps what it is fed with in a file. */
export function recordingSimulator(path: string, executable: string, recording: string): void {
  writeFileSync(path, `#!/bin/sh\ntee '${recording}' | '${executable}' "$@"\n`);
  chmodSync(path, 0o755);
}

/** The chunks of a recording; one that was cut off at the end is left out. */
export function chunksOf(recording: string): Chunk[] {
  const bytes = readFileSync(recording);
  const chunks: Chunk[] = [];
  for (let at = 0; at + LENGTH_BYTES <= bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    chunks.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return chunks;
}

/** Time that a process with one thread has had a core, the system's time for it included. Only Linux says. */
function cpuSecondsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
}

/**
 * Feeds the harness through its pipes; each chunk waits for the answer to the one before.
 * @returns also the cycles that each chunk took
 */
export async function replayThroughHarness(
  executable: string,
  chunks: readonly Chunk[],
): Promise<Replay & { readonly chunkCycles: readonly number[] }> {
  const child = spawn(executable, ['--pipe'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let pending: Buffer = Buffer.alloc(0);
  const answer = async (): Promise<{ length: number; cycles: number }> => {
    for (;;) {
      const length = pending.length < ANSWER_HEADER_BYTES ? null : pending.readUInt32LE(0);
      if (length !== null && pending.length >= ANSWER_HEADER_BYTES + length) {
        const cycles = Number(pending.readBigUInt64LE(4));
        pending = pending.subarray(ANSWER_HEADER_BYTES + length);
        return { length, cycles };
      }
      const { value, done } = await output.next();
      if (done) throw new Error('the simulator ended');
      pending = pending.length === 0 ? value : Buffer.concat([pending, value]);
    }
  };
  const chunkCycles: number[] = [];
  let [cycles, answered] = [0, 0];
  // An empty chunk: the simulator has started.
  child.stdin.write(Buffer.alloc(LENGTH_BYTES));
  const first = await answer();
  const started = performance.now();
  const startedCpu = cpuSecondsOf(child.pid!);
  for (const chunk of chunks) {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(chunk.length);
    child.stdin.write(Buffer.concat([length, chunk]));
    const answerToChunk = await answer();
    chunkCycles.push(answerToChunk.cycles - first.cycles - cycles);
    cycles = answerToChunk.cycles - first.cycles;
    answered += answerToChunk.length;
  }
  const seconds = (performance.now() - started) / 1000;
  const cpuSeconds = cpuSecondsOf(child.pid!) - startedCpu;
  child.stdin.end();
  return { cycles, answered, seconds, cpuSeconds, chunkCycles };
}

/** Writes what bare-loop.cpp reads. */
export function writeSession(path: string, chunks: readonly Chunk[], chunkCycles: readonly number[]): void {
  const parts = chunks.flatMap((chunk, i) => {
    const header = Buffer.alloc(12);
    header.writeUInt32LE(chunk.length);
    header.writeBigUInt64LE(BigInt(chunkCycles[i]!), LENGTH_BYTES);
    return [header, chunk];
  });
  writeFileSync(path, Buffer.concat(parts));
}

/** Runs bare-loop.cpp. */
export function replayBare(executable: string, session: string): Replay {
  const printed = execFileSync(executable, [session], { encoding: 'utf8' }).split(' ').map(Number);
  const [cycles, answered, seconds, cpuSeconds] = printed as [number, number, number, number];
  return { cycles, answered, seconds, cpuSeconds };
}
