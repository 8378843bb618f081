/** The regions of a device in placement `decoder`, as the host sees them. Layout: docs/decoder.md, docs/protocol.md. */

import type { Plan, PlanMemoryRegion } from '../plan/types.js';
import { ceilDiv } from '../sizing/integers.js';
import { REGION_BYTES } from '../sizing/memory.js';
import { type Machine, parameterWord } from './machine.js';

/** First byte addresses. */
export const PARAMETER_BASE = 4 * REGION_BYTES;
export const CONSTANT_BASE = 5 * REGION_BYTES;

/** Bytes of a word of the constants' region: the least that a region can have. */
export const CONSTANT_WORD_BYTES = 2;

/**
 * Weights, scales, activations, blocks, parameters, constants. The device writes activations and blocks itself: the host has
 * no access, their size is 0.
 * @param constants how many the program has
 */
export function decoderRegions(
  { memory }: Pick<Plan, 'memory'>,
  machine: Machine,
  constants: number,
): PlanMemoryRegion[] {
  const word = parameterWord(machine.widths);
  return [
    memory.weights,
    memory.scales,
    { ...memory.activations, words: 0 },
    { ...memory.blocks, words: 0 },
    { base: PARAMETER_BASE, stride: word, wordBytes: word, words: machine.parameters.bytes / word },
    {
      base: CONSTANT_BASE,
      stride: CONSTANT_WORD_BYTES,
      wordBytes: CONSTANT_WORD_BYTES,
      words: ceilDiv(constants, CONSTANT_WORD_BYTES),
    },
  ];
}
