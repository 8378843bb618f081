import { InputError } from '../../errors.js';
import { parseFmax, type Router, routerArguments } from '../place-route.js';
import { synthesisScript } from '../scripts.js';
import { errorOf } from '../yosys-output.js';
import { derivedName, type Modules, type SynthesisJob, scriptFiles, subjectOf } from './synthesize.js';
import { runLogged, runYosys } from './yosys.js';

/** Inputs that a board's wrapper drives and that would take pins otherwise. */
const WRAPPER_INPUTS = ['nonce_i'];

/** A clock rate, or why there is none. */
export type ClockRate =
  | { readonly fmaxMHz: number; readonly problem: null }
  | { readonly fmaxMHz: null; readonly problem: string };

/**
 * Places and routes a build on a part of its target, without a board's pins.
 * @param program path of nextpnr
 * @throws InputError if nextpnr cannot be started
 */
export async function clockRate(
  job: SynthesisJob,
  modules: Modules,
  router: Router,
  program: string,
  clockHz: number,
): Promise<ClockRate> {
  const { target, progress } = job;
  const top = subjectOf(job.family, target);
  const netlist = `synth-${target}.json`;
  progress('writing the netlist');
  const script = synthesisScript({
    files: scriptFiles(job),
    top: 'sdq_top',
    module: derivedName(job, modules, top),
    target,
    netlist,
    constantInputs: job.family === target ? [] : WRAPPER_INPUTS,
  });
  await runYosys(job.yosys, script, job);
  progress(`placing and routing on ${router.part}`);
  const { output, code } = await runLogged([program, ...routerArguments(router, netlist, clockHz)], job);
  const fmaxMHz = parseFmax(output);
  if (code === 0 && fmaxMHz !== null) return { fmaxMHz, problem: null };
  const reason = errorOf(output) ?? 'it gave no clock rate';
  return { fmaxMHz: null, problem: `${router.program} could not place and route it on ${router.part}: ${reason}` };
}

/** The program that a target is routed with. @throws InputError if there is none, or it is not installed */
export function chooseRouter(router: Router | null, target: string, find: (name: string) => string | null): string {
  if (router === null) {
    throw new InputError(`--pnr goes with the targets ice40 and ecp5: there is no open router for ${target}`);
  }
  const path = find(router.program);
  if (path !== null) return path;
  throw new InputError(`--pnr needs ${router.program}, which is not on PATH: ${router.install}`);
}
