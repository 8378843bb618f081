/** Reads the harness's trace as it grows and compares it with the interpreter. */

import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileProgram } from '../../../generator/schedule/compile.js';
import { parameterImage } from '../../../generator/schedule/parameters.js';
import type { PlanProgram } from '../../../generator/schedule/program.js';
import type { IntegerModel, LinearWeights } from '../../golden/parameters.js';
import { TraceComparison, type TraceDifference, type TracedWrite } from './trace-compare.js';
import { type TraceEvent, traceEvents } from './trace-events.js';

export class Tracer {
  /** Where the harness is to write. */
  readonly path: string;
  readonly #folder: string;
  readonly #comparison: TraceComparison;
  #file: number | null = null;
  #read = 0;

  /** @param append takes lines of JSON, one per instruction that writes */
  constructor(
    private readonly decoder: PlanProgram,
    model: IntegerModel,
    weights: LinearWeights,
    append: (line: string) => void,
  ) {
    this.#folder = mkdtempSync(join(tmpdir(), 'sdq-trace-'));
    this.path = join(this.#folder, 'events');
    const { machine } = decoder;
    // With the model's constants.
    const program = compileProgram(model, machine);
    const parameters = parameterImage(model, machine);
    this.#comparison = new TraceComparison(program, machine, model, weights, parameters, (write) =>
      append(`${JSON.stringify(traceLine(write))}\n`),
    );
  }

  get compared(): number {
    return this.#comparison.compared;
  }

  get difference(): TraceDifference | null {
    return this.#comparison.difference;
  }

  /** Compares what has come since the last call: steps of these tokens, from a position on. */
  compare(position: number, tokens: readonly number[]): void {
    const steps = stepsOf(traceEvents(this.#news(), this.decoder.machine.widths));
    tokens.forEach((token, i) => {
      this.#comparison.step(token, position + i, steps[i] ?? []);
    });
  }

  /** Passes over what has come since the last call. */
  skip(): void {
    this.#news();
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #news(): Uint8Array {
    this.#file ??= openSync(this.path, 'r');
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = Buffer.alloc(1 << 20);
      const count = readSync(this.#file, chunk, 0, chunk.length, this.#read);
      if (count === 0) return Buffer.concat(chunks);
      this.#read += count;
      chunks.push(chunk.subarray(0, count));
    }
  }
}

/** A step begins with the issue of the program's first instruction. */
function stepsOf(events: Iterable<TraceEvent>): TraceEvent[][] {
  const steps: TraceEvent[][] = [];
  for (const event of events) {
    if (event.kind === 'issue' && event.entry === 0) steps.push([]);
    steps.at(-1)?.push(event);
  }
  return steps;
}

function traceLine({ position, layer, at, instruction, golden, actual }: TracedWrite): object {
  const { kind } = golden;
  const where =
    golden.kind === 'vector' ? { address: golden.address } : golden.kind === 'mantissas' ? { space: golden.space } : {};
  return {
    position,
    layer,
    at,
    instruction,
    kind,
    ...where,
    golden: Array.from(golden.values),
    accelerator: actual,
  };
}
