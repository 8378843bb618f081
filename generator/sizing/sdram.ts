/** SDRAM: its timings in clock cycles, the controller's parameters, and exactly when weights come from it. */

import { ceilDiv, countWidth, indexWidth } from './integers.js';

/** A ×16 SDRAM with four banks, as its data sheet gives it. */
export interface SdramPart {
  /** Address bits of a row, 11 … 13. */
  readonly rowWidth: number;
  /** Address bits of a column, 4 … 10. */
  readonly columnWidth: number;
  /** Clock cycles from a read to its first beat, 2 or 3. */
  readonly casLatency: number;
  /** Time in which every row must be refreshed. */
  readonly retentionMicroseconds: number;
  /** Time from power-up to the first command. */
  readonly powerUpMicroseconds: number;
  /** Least times in nanoseconds. */
  readonly ns: SdramTimes;
}

export interface SdramTimes {
  /** Activation to read or write. */
  readonly rcd: number;
  /** Precharge to activation. */
  readonly rp: number;
  /** Activation to precharge. */
  readonly ras: number;
  /** Activation to activation of the same bank. */
  readonly rc: number;
  /** Activation to activation of another bank. */
  readonly rrd: number;
  /** Refresh to any command. */
  readonly rfc: number;
  /** Last write to precharge. */
  readonly wr: number;
}

/** Least times in cycles of a clock. */
export interface SdramCycles extends SdramTimes {
  /** Mode to any command. */
  readonly mrd: number;
  /** Longest time between two refreshes, on average. */
  readonly refi: number;
  readonly powerUp: number;
}

/** Beats (16 bits) of a burst. */
export const BURST_BEATS = 8;

/** Beats that the FIFO between SDRAM and array holds. */
export const FIFO_BEATS = 256;

/** Cycles that a refresh may be late in the whole retention time. */
const REFRESH_SLACK_CYCLES = 64;

/** Cycles, rounded up. */
const cyclesOf = (ns: number, clockHz: number): number => Math.max(1, ceilDiv(ns * clockHz, 1e9));

/** The times of a part in cycles of a clock. */
export function sdramCycles(part: SdramPart, clockHz: number): SdramCycles {
  const { rcd, rp, ras, rc, rrd, rfc, wr } = part.ns;
  const retention = Math.floor((part.retentionMicroseconds * clockHz) / 1e6);
  return {
    rcd: cyclesOf(rcd, clockHz),
    rp: cyclesOf(rp, clockHz),
    ras: cyclesOf(ras, clockHz),
    rc: cyclesOf(rc, clockHz),
    rrd: cyclesOf(rrd, clockHz),
    rfc: cyclesOf(rfc, clockHz),
    wr: Math.max(2, cyclesOf(wr, clockHz)),
    mrd: 2,
    refi: Math.floor((retention - REFRESH_SLACK_CYCLES) / 2 ** part.rowWidth),
    powerUp: cyclesOf(1000 * part.powerUpMicroseconds, clockHz),
  };
}

/**
 * The parameters of sdq_sdram for a part.
 *
 * @throws RangeError if the controller's order of commands does not meet the part's times at this clock
 */
export function sdramParameters(part: SdramPart, clockHz: number): Record<string, number> {
  const { rcd, rp, ras, rc, rrd, rfc, wr, mrd, refi, powerUp } = sdramCycles(part, clockHz);
  // What sdq_sdram does not wait for because its order of commands takes as long.
  if (rc > ras + rp || rrd > rcd + 1 || rcd > BURST_BEATS - 1 || ras > rcd + BURST_BEATS) {
    throw new RangeError(`sdq_sdram does not meet the times of this SDRAM at ${clockHz} Hz`);
  }
  return {
    ROW_WIDTH: part.rowWidth,
    COLUMN_WIDTH: part.columnWidth,
    CAS_LATENCY: part.casLatency,
    T_RCD: rcd,
    T_RP: rp,
    T_RAS: ras,
    T_RFC: rfc,
    T_WR: wr,
    T_MRD: mrd,
    WAIT_WIDTH: indexWidth(Math.max(rcd, rp, ras, rfc, wr, mrd)),
    REFRESH_CYCLES: refi,
    TIMER_WIDTH: indexWidth(refi),
    INIT_PERIODS: ceilDiv(powerUp, refi),
    ADDR_WIDTH: sdramBeatWidth(part),
  };
}

/** Address bits of a beat. */
function sdramBeatWidth({ rowWidth, columnWidth }: SdramPart): number {
  return 2 + rowWidth + columnWidth;
}

/** Bytes that a part holds. */
export function sdramBytes(part: SdramPart): number {
  return 2 ** (sdramBeatWidth(part) + 1);
}

/** Cycles of a stream of so many bytes, refresh included: as good as those of WeightStreamTimes for long ones. */
export function sdramReadCycles(part: SdramPart, clockHz: number, bytes: number): number {
  const { rp, rfc, rcd, refi } = sdramCycles(part, clockHz);
  return ((bytes / 2) * refi) / (refi - rp - rfc - rcd);
}

/** The parameters of sdq_sdram_model that describe the part, independent of those of the controller. */
export function sdramModelParameters(part: SdramPart, clockHz: number): Record<string, number> {
  const { rcd, rp, ras, rc, rrd, rfc, wr, mrd, refi, powerUp } = sdramCycles(part, clockHz);
  return {
    ROW_WIDTH: part.rowWidth,
    COLUMN_WIDTH: part.columnWidth,
    T_RCD: rcd,
    T_RP: rp,
    T_RAS: ras,
    T_RC: rc,
    T_RRD: rrd,
    T_RFC: rfc,
    T_WR: wr,
    T_MRD: mrd,
    T_REFI: refi,
    T_POWER_UP: powerUp,
  };
}

/** The parameters of sdq_sdram_weights, besides those of sdq_sdram, for words of `wordBytes` bytes. */
export function streamParameters(wordBytes: number): Record<string, number> {
  const beats = ceilDiv(wordBytes, 2);
  return {
    WORD_BEATS: beats,
    BEAT_WIDTH: countWidth(beats),
    DEPTH: FIFO_BEATS,
    DEPTH_WIDTH: indexWidth(FIFO_BEATS),
  };
}

/**
 * When the words of one stream come, to the cycle: sdq_sdram and sdq_weight_stream, beat by beat. Cycles count from that of
 * `start_i`, which is 0.
 */
export class WeightStreamTimes {
  readonly #wordBeats: number;
  readonly #depth: number;
  readonly #latency: number;
  readonly #ras: number;
  readonly #refresh: number;
  /** From a precharge for a refresh to the next read. */
  readonly #refreshCost: number;
  readonly #rcd: number;
  readonly #rowBeats: number;
  /** When the last beats were asked for from the FIFO, by beat modulo its depth. */
  readonly #asked: Float64Array;
  #beat = 0;
  /** Address of the next burst. */
  #address: number;
  #slot: number;
  #due: number;
  #lastActivation: number;
  #lastRead = 0;
  #lastMove = 0;
  #lastTransfer = 0;

  /**
   * @param parameters of sdq_sdram_weights
   * @param word the first one
   */
  constructor(parameters: Readonly<Record<string, number>>, word: number) {
    const of = (name: string): number => {
      const value = parameters[name];
      if (value === undefined) throw new RangeError(`no parameter ${name}`);
      return value;
    };
    this.#wordBeats = of('WORD_BEATS');
    this.#depth = of('DEPTH');
    // From a read to when its first beat can be asked for: command register, latency, two registers, the FIFO's level.
    this.#latency = of('CAS_LATENCY') + 3;
    this.#ras = of('T_RAS');
    this.#rcd = of('T_RCD');
    this.#refresh = of('REFRESH_CYCLES');
    this.#refreshCost = of('T_RP') + of('T_RFC') + this.#rcd;
    this.#rowBeats = 2 ** of('COLUMN_WIDTH');
    this.#asked = new Float64Array(this.#depth);
    const first = word * this.#wordBeats;
    this.#address = first - (first % BURST_BEATS);
    // The stream begins in cycle 1, refreshes in cycle 2 and opens its row.
    this.#lastActivation = 2 + of('T_RFC');
    this.#slot = this.#lastActivation + this.#rcd;
    this.#due = 2 + this.#refresh;
    for (let skipped = first % BURST_BEATS; skipped > 0; skipped--) this.#move(0);
  }

  /** The cycle in which the next word is transferred, if the array takes it in cycle `ready` or later. */
  next(ready: number): number {
    for (let k = 0; k < this.#wordBeats; k++) this.#move(k === 0 ? this.#lastTransfer + 1 : 0);
    this.#lastTransfer = Math.max(this.#lastMove, ready);
    return this.#lastTransfer;
  }

  /** The next beat leaves the FIFO, in cycle `earliest` or later. */
  #move(earliest: number): void {
    const inBurst = this.#beat % BURST_BEATS;
    if (inBurst === 0) this.#read();
    const asked = Math.max(this.#lastRead + this.#latency + inBurst, this.#lastMove);
    this.#asked[this.#beat % this.#depth] = asked;
    this.#lastMove = Math.max(asked + 1, earliest);
    this.#beat++;
  }

  /** The next burst is read, refreshes before it included. */
  #read(): void {
    // It needs the room of beats that were asked for in an earlier cycle.
    const freed = this.#beat + BURST_BEATS - this.#depth - 1;
    const room = freed < 0 ? 0 : this.#asked[freed % this.#depth]! + 1;
    while (this.#due <= Math.max(this.#slot, room)) {
      const closes = Math.max(this.#slot, this.#due, this.#lastActivation + this.#ras);
      this.#slot = closes + this.#refreshCost;
      this.#lastActivation = this.#slot - this.#rcd;
      this.#due += this.#refresh;
    }
    this.#lastRead = Math.max(this.#slot, room);
    this.#slot = this.#lastRead + BURST_BEATS;
    this.#address += BURST_BEATS;
    if (this.#address % this.#rowBeats === 0) this.#lastActivation = this.#lastRead + 1;
  }
}
