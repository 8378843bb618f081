import { readFileSync } from 'node:fs';
import { asInput } from '../../model/node/files.js';
import type { Plan } from '../types.js';
import { parsePlan } from '../validate.js';

/** Reads and checks a plan file. @throws InputError naming the file and the JSON path of the field that is wrong */
export function readPlan(path: string): Plan {
  return parsePlan(
    asInput(path, () => readFileSync(path, 'utf8')),
    path,
  );
}
