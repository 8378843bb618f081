import { InputError } from '../errors.js';
import type { Plan, PlanMemoryRegion } from '../plan/types.js';
import { LANE_CHOICES } from '../sizing/array.js';
import { memoryMap } from '../sizing/memory.js';

/**
 * Checks what a schema cannot say of a plan that hardware is made from: a plan that was edited by hand must not become
 * an accelerator that computes something else.
 *
 * @throws InputError naming the file and the field
 */
export function checkBuildable({ placement, linears, array, memory }: Plan, file: string): void {
  if (placement === 'decoder') {
    throw new InputError(
      `${file}: $.placement is decoder, for which no hardware is generated yet; plan with --placement linear`,
    );
  }
  if (!LANE_CHOICES.includes(array.lanes)) {
    throw new InputError(`${file}: $.array.lanes must be one of ${LANE_CHOICES.join(', ')}, not ${array.lanes}`);
  }
  const wanted = asInput(file, () => memoryMap(linears, array));
  for (const name of ['weights', 'scales', 'activations', 'blocks'] as const) {
    for (const field of ['base', 'stride', 'wordBytes', 'words'] as const satisfies (keyof PlanMemoryRegion)[]) {
      if (memory[name][field] !== wanted[name][field]) {
        throw new InputError(
          `${file}: $.memory.${name}.${field} must be ${wanted[name][field]} for these linears and this array, not ${memory[name][field]}`,
        );
      }
    }
  }
}

/** Runs what derives an accelerator from a plan; of a plan that was edited by hand it may find that nothing fits. */
export function asInput<T>(file: string, derive: () => T): T {
  try {
    return derive();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}
