/** The schedule: what the engine is told about each linear, and how it lies in a word of the schedule ROM. */

import type { PlanLinear } from '../plan/types.js';
import { frameFields } from './framing.js';
import { cycleWidth, type EngineGeometry, type EnginePlan, engineGeometry } from './geometry.js';
import { countWidth, indexWidth } from './integers.js';
import { blockBeats, blockKinds, rowGroups, turnCycles } from './shape.js';
import { TABLE_GROUP_WIDTH, tableSpans } from './table.js';
import { linearBases } from './tile.js';

/** How the engine walks through one kind of block. */
export interface BlockSchedule {
  /** Beats with weights. */
  readonly beats: number;
  /** Cycles that a row group is given: the beats, after idle cycles (table engine: a step; its row groups, then idle). */
  readonly cycles: number;
  /** Lanes in use in the last beat, 1 … L. */
  readonly lastLanes: number;
  /** Beats with one gain. */
  readonly segmentBeats: number;
  /** Left shift of each segment's sum. */
  readonly shifts: readonly number[];
}

export interface ScheduleEntry {
  readonly name: string;
  /** Place in the plan. */
  readonly index: number;
  readonly rows: number;
  readonly groups: number;
  /** Blocks, the tail included. */
  readonly blocks: number;
  /** First word in the weights region. */
  readonly weightBase: number;
  /** First word in the scales region. */
  readonly scaleBase: number;
  readonly full: BlockSchedule | null;
  readonly tail: BlockSchedule | null;
}

/** A field of a schedule word; fields follow one another from the low end. */
export interface ScheduleField {
  readonly name: string;
  readonly width: number;
  readonly value: (entry: ScheduleEntry) => number | bigint;
}

function blockSchedules(linear: PlanLinear, geometry: EngineGeometry): Pick<ScheduleEntry, 'full' | 'tail' | 'blocks'> {
  const kinds = blockKinds(linear);
  const schedules = kinds.map((kind) => {
    const { beats, lastLanes, segmentBeats, shifts } = blockBeats(linear, kind, geometry.array.lanes);
    const cycles = turnCycles(linear, kind, geometry.array, geometry.phases);
    return { beats, cycles, lastLanes, segmentBeats, shifts };
  });
  // A tail comes last, alone or after the full blocks.
  const tail = linear.tail === null ? null : (schedules.pop() ?? null);
  return { blocks: kinds.reduce((sum, kind) => sum + kind.count, 0), full: schedules[0] ?? null, tail };
}

/** One entry per linear, in plan order: the index is the `linear` of a RUN request. */
export function scheduleOf(plan: EnginePlan, geometry: EngineGeometry = engineGeometry(plan)): ScheduleEntry[] {
  const bases = linearBases(plan.linears, plan.array);
  return plan.linears.map((linear, index) => ({
    name: linear.name,
    index,
    rows: linear.rows,
    groups: rowGroups(linear, plan.array),
    weightBase: bases[index]!.weights,
    scaleBase: bases[index]!.scales,
    ...blockSchedules(linear, geometry),
  }));
}

/** The layout of a schedule word, low end first: the sequencer's part, then that of the frame unit, if there is one. */
export function scheduleFields(geometry: EngineGeometry): ScheduleField[] {
  const { frame, array } = geometry;
  if (frame === null) return walkFields(geometry);
  const framing = frameFields(frame, array.lanes).map(({ name, width, value }) => ({
    name,
    width,
    value: ({ index }: ScheduleEntry) => value(index),
  }));
  return [...walkFields(geometry), ...framing];
}

/** The sequencer's part. The engine's parameters carry the same widths under the same names. */
function walkFields(geometry: EngineGeometry): ScheduleField[] {
  const table = geometry.array.engine === 'table';
  const places = table ? tableGroupFields(geometry) : [adderGroupField(geometry)];
  const block = table ? tableBlockFields : adderBlockFields;
  return [
    {
      name: 'weight_base',
      width: indexWidth(geometry.memory.weights.words),
      value: (entry) => entry.weightBase,
    },
    { name: 'scale_base', width: indexWidth(geometry.memory.scales.words), value: (entry) => entry.scaleBase },
    { name: 'rows', width: countWidth(geometry.mostRows), value: (entry) => entry.rows },
    ...places,
    { name: 'last_block', width: indexWidth(geometry.mostBlocks), value: (entry) => entry.blocks - 1 },
    { name: 'has_tail', width: 1, value: (entry) => (entry.tail === null ? 0 : 1) },
    ...block(geometry, 'full'),
    ...block(geometry, 'tail'),
  ];
}

type Kind = 'full' | 'tail';

const adderGroupField = (geometry: EngineGeometry): ScheduleField => ({
  name: 'last_group',
  width: indexWidth(geometry.mostGroups),
  value: (entry) => entry.groups - 1,
});

/** Fields of sdq_sequencer. */
function adderBlockFields(geometry: EngineGeometry, kind: Kind): ScheduleField[] {
  const cycles = cycleWidth(geometry);
  const lane = indexWidth(geometry.array.lanes);
  return [
    { name: `${kind}_last_cycle`, width: cycles, value: (entry) => (entry[kind]?.cycles ?? 1) - 1 },
    { name: `${kind}_idle`, width: cycles, value: (entry) => (entry[kind]?.cycles ?? 0) - (entry[kind]?.beats ?? 0) },
    { name: `${kind}_last_lane`, width: lane, value: (entry) => (entry[kind]?.lastLanes ?? 1) - 1 },
    { name: `${kind}_segment_last_beat`, width: cycles, value: (entry) => (entry[kind]?.segmentBeats ?? 1) - 1 },
    shiftsField(geometry, kind),
  ];
}

function tableGroupFields(geometry: EngineGeometry): ScheduleField[] {
  const width = TABLE_GROUP_WIDTH;
  return [
    { name: 'last_group', width, value: (entry) => tableSpans(entry.groups).groups - 1 },
    { name: 'final_group', width, value: (entry) => tableSpans(entry.groups).finalGroups - 1 },
    {
      name: 'last_span',
      width: indexWidth(geometry.mostSpans),
      value: (entry) => tableSpans(entry.groups).count - 1,
    },
  ];
}

/** Fields of sdq_table_sequencer. */
function tableBlockFields(geometry: EngineGeometry, kind: Kind): ScheduleField[] {
  const step = indexWidth(geometry.mostBeats);
  return [
    {
      name: `${kind}_last_cycle`,
      width: cycleWidth(geometry),
      value: (entry) => (entry[kind]?.cycles ?? 1) - 1,
    },
    { name: `${kind}_last_step`, width: step, value: (entry) => (entry[kind]?.beats ?? 1) - 1 },
    { name: `${kind}_segment_last_step`, width: step, value: (entry) => (entry[kind]?.segmentBeats ?? 1) - 1 },
    shiftsField(geometry, kind),
  ];
}

const shiftsField = ({ widths }: EngineGeometry, kind: Kind): ScheduleField => ({
  name: `${kind}_shifts`,
  width: widths.segments * widths.gain,
  value: (entry) => packShifts(entry[kind]?.shifts ?? [], widths.gain),
});

/** Segment 0 in the low bits. */
function packShifts(shifts: readonly number[], width: number): bigint {
  return shifts.reduce((word, shift, k) => word | (BigInt(shift) << BigInt(k * width)), 0n);
}

/** Widths of a schedule word, and of the sequencer's part, as parameters of the engine. */
export function scheduleParameters(geometry: EngineGeometry): {
  readonly WALK_WIDTH: number;
  readonly SCHEDULE_WIDTH: number;
} {
  const widthOf = (fields: readonly ScheduleField[]): number => fields.reduce((sum, { width }) => sum + width, 0);
  return { WALK_WIDTH: widthOf(walkFields(geometry)), SCHEDULE_WIDTH: widthOf(scheduleFields(geometry)) };
}

/** A schedule word. @throws RangeError if a value does not fit its field */
export function scheduleWord(geometry: EngineGeometry, entry: ScheduleEntry): bigint {
  let word = 0n;
  let offset = 0n;
  for (const { name, width, value } of scheduleFields(geometry)) {
    const bits = BigInt(value(entry));
    if (bits < 0n || bits >> BigInt(width) !== 0n) {
      throw new RangeError(`${entry.name}: ${name} = ${bits} does not fit ${width} bits`);
    }
    word |= bits << offset;
    offset += BigInt(width);
  }
  return word;
}
