/** Framing on the device (mode `hadamard`): which vectors there are, and how sdq_frame_unit goes through one. */

import { type FrameShape, frameShape } from '../../sim/golden/frame.js';
import { inputOf } from '../model/roles.js';
import type { PlanArray, PlanLinear } from '../plan/types.js';
import { ceilDiv, countWidth, indexWidth, log2Exact } from './integers.js';
import type { SampleTiming } from './shape.js';

/** Numbers per cycle that the frame unit's transforms are built for, and at most this many times the lanes. */
export const FRAME_CHOICES: readonly number[] = [2, 4, 8, 16, 32];
const MOST_VALUES_PER_LANE = 2;

/** How much a frame unit does per cycle. */
export interface FrameWidth {
  /** Numbers per cycle of the transforms (W), and per word of the mantissas. */
  readonly values: number;
  /** Samples that are rounded per cycle: the lesser of W and L. */
  readonly samples: number;
}

/** The frame unit of a plan. */
export interface FrameGeometry extends FrameWidth {
  /** Least number of samples that are written at once. */
  readonly granule: number;
  /** Columns of a block (B). */
  readonly block: number;
  /** Most segments of a block. */
  readonly segments: number;
  /** Most words of the transforms of a block. */
  readonly workWords: number;
  /** Most chunks of samples that a block is rounded in. */
  readonly rounds: number;
  /** Different shapes of vectors. */
  readonly shapes: readonly FrameShape[];
  /** Which of them each linear reads, in plan order. */
  readonly shapeOf: readonly number[];
}

/** How the unit goes through one kind of block; the fields are those of sdq_frame_walk. */
export interface FrameSteps {
  /** Passes: levels of the transform. */
  readonly passes: number;
  /** Pairs of words in a segment. */
  readonly pairs: number;
  readonly segments: number;
  /** Cycles that a pass waits for what it reads. */
  readonly idle: number;
  /** Last entry of the last segment that is a sample. */
  readonly lastValid: number;
  /** Chunks of samples in a segment, and in the block. */
  readonly chunks: number;
  readonly rounds: number;
  /** Samples of a chunk. */
  readonly step: number;
}

/** Linears of one vector have the same name for it: that of its first reader. */
function vectorName({ layer, role }: PlanLinear): string {
  return `${layer} ${inputOf(role)}`;
}

/** Bits of a number in a transform: at most B of 16 bits are added up. */
export function transformWidth(unit: Pick<FrameGeometry, 'block'>): number {
  return 16 + log2Exact(unit.block);
}

/** Whether two linears read the same vector. */
export function readsSameVector(a: PlanLinear, b: PlanLinear | undefined): boolean {
  return b !== undefined && vectorName(a) === vectorName(b);
}

/** The shape of the vector that each linear reads, one framing of which serves all that read it. */
export function vectorShapes(linears: readonly PlanLinear[]): FrameShape[] {
  const readers = new Map<string, PlanLinear[]>();
  for (const linear of linears) {
    const name = vectorName(linear);
    readers.set(name, [...(readers.get(name) ?? []), linear]);
  }
  return linears.map((linear) => frameShape(readers.get(vectorName(linear))!));
}

/** A vector, and the linear that runs first on it; with how many others there are like it. */
export interface FramedLinear {
  readonly linear: PlanLinear;
  readonly shape: FrameShape;
  readonly count: number;
}

/** The first reader of each vector of a plan, alike ones together. */
export function framedLinears(linears: readonly PlanLinear[]): FramedLinear[] {
  const shapes = vectorShapes(linears);
  const classes = new Map<string, FramedLinear>();
  for (const [i, linear] of linears.entries()) {
    if (readsSameVector(linear, linears[i - 1])) continue;
    const key = JSON.stringify([linear.rows, linear.samples, linear.tail, shapes[i]]);
    classes.set(key, { linear, shape: shapes[i]!, count: (classes.get(key)?.count ?? 0) + 1 });
  }
  return [...classes.values()];
}

/** Widths that a frame unit can be built with, from the least. */
export function frameWidths({ lanes }: Pick<PlanArray, 'lanes'>, block: number): FrameWidth[] {
  const most = Math.min(MOST_VALUES_PER_LANE * lanes, block / 2);
  return FRAME_CHOICES.filter((values) => values <= most).map((values) => ({
    values,
    samples: Math.min(values, lanes),
  }));
}

/** Size and samples of the kinds of blocks of a vector. */
function kindsOf(shape: FrameShape): { readonly size: number; readonly samples: number }[] {
  return [
    { size: shape.block, samples: shape.samples },
    { size: shape.tailSize, samples: shape.tailSamples },
  ];
}

/** The frame unit with `values` numbers per cycle for a plan. */
export function frameGeometry(linears: readonly PlanLinear[], array: PlanArray, values: number): FrameGeometry {
  const vectors = vectorShapes(linears);
  const keys = vectors.map((shape) => JSON.stringify(shape));
  const distinct = [...new Set(keys)];
  const shapes = distinct.map((key) => vectors[keys.indexOf(key)]!);
  const samples = Math.min(values, array.lanes);
  const kinds = shapes.flatMap(kindsOf);
  const steps = kinds.map((kind) => frameSteps(kind, { values, samples }));
  return {
    values,
    samples,
    granule: Math.min(samples, ...kinds.map(({ size }) => size)),
    block: linears[0]!.block,
    segments: Math.max(...steps.map((kind) => kind.segments)),
    workWords: Math.max(...steps.map((kind) => 2 * kind.pairs * kind.segments)),
    rounds: Math.max(...steps.map((kind) => kind.rounds)),
    shapes,
    shapeOf: keys.map((key) => distinct.indexOf(key)),
  };
}

/** What the unit does with a block of `samples` samples from transforms of `size` entries. */
export function frameSteps(
  { size, samples }: { readonly size: number; readonly samples: number },
  unit: FrameWidth,
): FrameSteps {
  // A word pair is the least that is transformed.
  const transform = Math.max(size, 2 * unit.values);
  const pairs = transform / (2 * unit.values);
  const segments = ceilDiv(samples, size);
  const step = Math.min(size, unit.samples);
  return {
    passes: log2Exact(transform),
    pairs,
    segments,
    // A word is written 4 cycles after one that belongs to it is read, and can be read in the next.
    idle: Math.max(0, pairs + 4 - 2 * pairs * segments),
    lastValid: samples - (segments - 1) * size - 1,
    chunks: size / step,
    rounds: ceilDiv(samples, step),
    step,
  };
}

/** Cycles between the last pass and the rounding of a block. */
const SETTLE_CYCLES = 4;
/** Cycles from the reading of a chunk to when its samples can be read. */
const ROUND_CYCLES = 6;

/** When the samples of a vector can be read. Source: rtl/frame/sdq_frame_walk.v. */
export function frameTiming(shape: FrameShape, unit: FrameWidth, lanes: number): SampleTiming {
  const [full, tail] = kindsOf(shape).map((kind) => {
    const steps = frameSteps(kind, unit);
    const words = 2 * steps.pairs * steps.segments;
    const rounding = steps.passes * (words + steps.idle) - steps.idle + SETTLE_CYCLES;
    return { ...kind, step: steps.step, rounding, cycles: rounding + steps.rounds };
  });
  const lastBlock = ceilDiv(shape.cols, shape.block) - 1;
  const hasTail = shape.cols % shape.block > 0;
  return {
    ready: (block, word) => {
      const kind = hasTail && block === lastBlock ? tail! : full!;
      const chunk = ceilDiv(Math.min(kind.samples, (word + 1) * lanes), kind.step) - 1;
      return block * full!.cycles + kind.rounding + chunk + ROUND_CYCLES;
    },
  };
}

/** From when the last sample can be read until the engine takes another RUN. */
const FRAMED_CYCLES = 2;

/** Cycles from a RUN's request until its vector is framed, before which the engine takes no other. */
export function framedCycles(shape: FrameShape, unit: FrameWidth, lanes: number): number {
  const hasTail = shape.cols % shape.block > 0;
  const lastBlock = ceilDiv(shape.cols, shape.block) - 1;
  const samples = hasTail ? shape.tailSamples : shape.samples;
  return frameTiming(shape, unit, lanes).ready(lastBlock, ceilDiv(samples, lanes) - 1) + FRAMED_CYCLES;
}

/** A field of the frame unit's part of a schedule word, low end first. */
export interface FrameField {
  readonly name: string;
  readonly width: number;
  /** Value for the vector that linear `index` of the plan reads. */
  readonly value: (index: number) => number;
}

/** Parameters of sdq_frame_unit that are not those of the engine. */
export function frameParameters(unit: FrameGeometry): Record<string, number> {
  const widths = fieldWidths(unit);
  return {
    VALUES: unit.values,
    VALUE_WIDTH: log2Exact(unit.values),
    SAMPLES: unit.samples,
    GRANULE: unit.granule,
    BLOCK_WIDTH: log2Exact(unit.block),
    SEGMENT_WIDTH: widths.segment,
    WORK_WIDTH: widths.work,
    ROUND_WIDTH: widths.round,
    SHAPE_WIDTH: widths.shape,
  };
}

function fieldWidths(unit: FrameGeometry): {
  word: number;
  segment: number;
  work: number;
  round: number;
  shape: number;
} {
  const word = log2Exact(unit.block / unit.values);
  return {
    word,
    segment: indexWidth(unit.segments),
    work: Math.max(word + 1, indexWidth(unit.workWords)),
    round: Math.max(word, indexWidth(unit.rounds)),
    shape: indexWidth(unit.shapes.length),
  };
}

/** Layout of the frame unit's part of a schedule word. */
export function frameFields(unit: FrameGeometry, lanes: number): FrameField[] {
  const { word, segment, round, shape } = fieldWidths(unit);
  const block = (name: string, kind: 0 | 1): FrameField[] => {
    const field = (field: string, width: number, value: (steps: FrameSteps) => number): FrameField => ({
      name: `${name}_frame_${field}`,
      width,
      value: (index) => value(frameSteps(kindsOf(unit.shapes[unit.shapeOf[index]!]!)[kind]!, unit)),
    });
    return [
      field('passes_last', 4, (steps) => steps.passes - 1),
      field('pairs', word, (steps) => steps.pairs),
      field('segments_last', segment, (steps) => steps.segments - 1),
      field('idle', 2, (steps) => steps.idle),
      field('valid_last', log2Exact(unit.block), (steps) => steps.lastValid),
      field('chunks_last', round, (steps) => steps.chunks - 1),
      field('rounds_last', round, (steps) => steps.rounds - 1),
      field('step', countWidth(lanes), (steps) => steps.step),
    ];
  };
  return [
    { name: 'frame_shape', width: shape, value: (index) => unit.shapeOf[index]! },
    ...block('full', 0),
    ...block('tail', 1),
  ];
}

/** Width of an index into signWords. */
export function signsIndexWidth(unit: FrameGeometry): number {
  const { word, segment } = fieldWidths(unit);
  return segment + word;
}

/** Sign patterns as words of `values` bits, word w of segment k at index k · B / values + w; bit i set: negated. */
export function signWords(
  signs: readonly string[],
  unit: Pick<FrameGeometry, 'values' | 'block' | 'segments'>,
): bigint[] {
  const mask = (1n << BigInt(unit.values)) - 1n;
  return signs.slice(0, unit.segments).flatMap((hex) => {
    const pattern = BigInt(`0x${hex}`);
    return Array.from(
      { length: unit.block / unit.values },
      (_, word) => (pattern >> BigInt(word * unit.values)) & mask,
    );
  });
}
