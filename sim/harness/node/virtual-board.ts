/** The virtual board: the simulated accelerator behind a pseudo-terminal, for any program that opens a serial port. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { imageWrites, type MemoryImage } from '../../../firmware/device/upload.js';
import { FrameWriter } from '../../../firmware/protocol/frames.js';
import { MAX_BODY_BYTES, PROTOCOL_VERSION } from '../../../firmware/protocol/messages.js';
import { type HarnessOptions, harnessArguments } from './harness.js';

export interface VirtualBoard {
  /** Path of the pseudo-terminal, to be opened like a serial port. */
  readonly path: string;
  /** Resolves when the board has ended, with its exit code; null if a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Ends the board. */
  stop(): void;
}

export interface VirtualBoardOptions extends HarnessOptions {
  /** Ends the board. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a board from a compiled simulator; it ends at the latest with this process.
 *
 * @param images what its memory holds when this resolves
 * @throws Error with what the simulator said, if it ends before the port is there; an AbortError
 */
export async function startVirtualBoard(
  executable: string,
  images: readonly MemoryImage[] = [],
  { signal, ...options }: VirtualBoardOptions = {},
): Promise<VirtualBoard> {
  const folder = await mkdtemp(join(tmpdir(), 'sdq-board-'));
  try {
    const preload = join(folder, 'preload');
    if (images.length > 0) await writeFile(preload, writeFrames(images));
    const preloadOption = images.length > 0 ? { preload } : {};
    const args = ['--pty', '--follow-stdin', ...harnessArguments({ ...options, ...preloadOption })];
    return await startTerminal(executable, args, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A board with the streams of the process that holds the pseudo-terminal. */
export interface Terminal extends VirtualBoard {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** Starts the harness in a mode that opens a pseudo-terminal. @throws as `startVirtualBoard` */
export async function startTerminal(
  executable: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Terminal> {
  const child = spawn(executable, args, { stdio: ['pipe', 'pipe', 'pipe'], signal });
  child.stdin.on('error', () => undefined);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const lines = createInterface(child.stdout);
  const path = await Promise.race([new Promise<string>((resolve) => lines.once('line', resolve)), exited]);
  lines.close();
  if (typeof path !== 'string') {
    throw new Error(`The virtual board ended with exit code ${path} before its port was open: ${said.trim()}`);
  }
  return { path, exited, stop: () => child.kill(), stdin: child.stdin, stdout: child.stdout };
}

/** Images as the byte stream of HELLO and their WRITE requests, whose answers nobody reads. */
export function writeFrames(images: readonly MemoryImage[]): Uint8Array {
  const writer = new FrameWriter();
  writer.request({ kind: 'hello', version: PROTOCOL_VERSION }, 0);
  for (const image of images) {
    for (const request of imageWrites(image, MAX_BODY_BYTES - 4)) writer.request(request, 0);
  }
  return writer.take();
}
