import { readTextFile } from '../../node/read-json.js';
import type { Plan } from '../types.js';
import { parsePlan } from '../validate.js';

/** Reads and checks a plan file. @throws InputError naming the file and the JSON path of the field that is wrong */
export function readPlan(path: string): Plan {
  return parsePlan(readTextFile(path), path);
}
