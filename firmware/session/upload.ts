import type { Image } from '../../generator/image/image.js';
import type { Plan } from '../../generator/plan/types.js';
import { compileProgram } from '../../generator/schedule/compile.js';
import { assemble } from '../../generator/schedule/instructions.js';
import { planMachine } from '../../generator/schedule/machine.js';
import { parameterImage } from '../../generator/schedule/parameters.js';
import { CONSTANT_BASE, PARAMETER_BASE } from '../../generator/schedule/regions.js';
import { tileLinear } from '../../generator/sizing/tile.js';
import type { IntegerModel, LinearWeights } from '../../sim/golden/parameters.js';
import type { MemoryImage } from '../device/upload.js';

/** The linears of an image as an accelerator's memories hold them. */
export function uploadImages(plan: Plan, weights: LinearWeights): MemoryImage[] {
  return plan.linears.flatMap((_, index) => tileLinear(plan, index, weights.linear(index)));
}

/** What a decoder on the device holds besides its linears: parameters and the program's constants. */
export function decoderImages(model: IntegerModel): MemoryImage[] {
  const machine = planMachine(model.plan);
  const { constants } = assemble(compileProgram(model, machine), machine, model.plan);
  return [
    { address: PARAMETER_BASE, bytes: parameterImage(model, machine) },
    { address: CONSTANT_BASE, bytes: new Uint8Array(constants) },
  ];
}

/** All that an accelerator's memories hold of an image, in either placement. */
export function deviceImages(image: Pick<Image, 'plan' | 'linear' | 'integerModel'>): MemoryImage[] {
  const { plan } = image;
  return [...uploadImages(plan, image), ...(plan.decoder === undefined ? [] : decoderImages(image.integerModel()))];
}
