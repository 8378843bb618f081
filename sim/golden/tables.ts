import { ropeFrequencies } from '../../generator/model/rope.js';
import type { ModelConfig } from '../../generator/model/types.js';
import { bitLength, pow2, roundShift } from './integer.js';

/**
 * The tables of the integer decoder. They are computed once, when an image is written, and travel in it: platforms
 * may disagree about the last bit of their Math functions. Formats: docs/numerics.md, "Tables".
 */
export interface Tables {
  /** 768 entries, Q16: 1/√m for m in [1, 4), entry i at the middle of its interval. */
  readonly reciprocalRoot: Int32Array;
  /** 1024 entries, Q16: 2^−(i/1024). */
  readonly exp2: Int32Array;
  /** 2048 entries, Q15: logistic function at i/128. */
  readonly sigmoid: Int32Array;
  /** 1025 entries, Q14: sine of i/4096 of a turn, the first quarter. */
  readonly sine: Int32Array;
  /** headDim / 2 entries: phase per position in 2^−32 turns; empty without rotary positions. */
  readonly ropeStep: Uint32Array;
}

/** Computes the tables for a model; only image writers call this. */
export function buildTables(config: ModelConfig): Tables {
  const steps = config.rope ? Array.from(ropeFrequencies(config)) : [];
  return {
    reciprocalRoot: Int32Array.from({ length: 768 }, (_, i) => Math.round(65536 / Math.sqrt((i + 256.5) / 256))),
    exp2: Int32Array.from({ length: 1024 }, (_, i) => Math.round(65536 * 2 ** (-i / 1024))),
    sigmoid: Int32Array.from({ length: 2048 }, (_, i) => Math.round(32768 / (1 + Math.exp(-i / 128)))),
    sine: Int32Array.from({ length: 1025 }, (_, i) => Math.round(16384 * Math.sin((2 * Math.PI * i) / 4096))),
    ropeStep: Uint32Array.from(steps, (radians) => Math.round((radians / (2 * Math.PI)) * 4294967296)),
  };
}

/** 1/√s ≈ mantissa · 2^−(31 + half), mantissa in 2^15 … 2^16. */
export interface ReciprocalRoot {
  readonly mantissa: number;
  readonly half: number;
}

/**
 * Integer reciprocal square root: table look-up and one Newton step; relative error below 2^−15.
 * @param s 1 … 2^53 − 1
 */
export function reciprocalRoot(tables: Tables, s: number): ReciprocalRoot {
  const half = Math.ceil((bitLength(s) - 32) / 2);
  const m = Math.floor(s * pow2(-2 * half));
  const r0 = tables.reciprocalRoot[Math.floor(m / 4194304) - 256]!;
  // Q17: with 16 fraction bits the error would reach 2^−14.8.
  const square = roundShift(r0 * r0, 15);
  const product = roundShift(Math.floor(m / 16384) * square, 17);
  return { mantissa: roundShift(r0 * (196608 - product), 17), half };
}

/**
 * 2^−d, Q16.
 * @param d a non-negative Q16 exponent below 2^33
 */
export function exp2Negative(tables: Tables, d: number): number {
  const steps = roundShift(d, 6);
  const whole = Math.floor(steps / 1024);
  return whole > 31 ? 0 : roundShift(tables.exp2[steps % 1024]!, whole);
}

/**
 * Logistic function, Q15.
 * @param x Q20, 32 bits
 */
export function sigmoid(tables: Tables, x: number): number {
  const index = Math.min(2047, roundShift(Math.abs(x), 13));
  const value = tables.sigmoid[index]!;
  return x < 0 ? 32768 - value : value;
}

/**
 * Sine, Q14, of a phase.
 * @param step a phase in 4096ths of a turn, 0 … 4095
 */
function sineAt(tables: Tables, step: number): number {
  const within = step & 1023;
  switch (step >> 10) {
    case 0:
      return tables.sine[within]!;
    case 1:
      return tables.sine[1024 - within]!;
    case 2:
      return -tables.sine[within]!;
    default:
      return -tables.sine[1024 - within]!;
  }
}

/**
 * Cosine and sine, Q14, of rotary pair `pair` at a position below 2^20.
 */
export function rotation(tables: Tables, position: number, pair: number): { cos: number; sin: number } {
  const phase = (position * tables.ropeStep[pair]!) % 4294967296;
  const step = roundShift(phase, 20) & 4095;
  return { cos: sineAt(tables, (step + 1024) & 4095), sin: sineAt(tables, step) };
}
