/** What Yosys is told. */

import { synthCommand, type Target } from './targets.js';

/** A line of Yosys' output after which the statistics that are wanted follow. */
export const STATISTICS_MARK = 'sdq statistics';

/** The name that a derived module gets, so that commands can take it. */
const SUBJECT = 'sdq_subject';

/** Verilog files relative to the build folder. */
type Files = readonly string[];

const read = (files: Files): string[] => files.map((file) => `read_verilog "${file}"`);

// Boards have primitives that are known only to the synthesis command, hence no -check.
const elaborate = (files: Files, top: string): string[] => [...read(files), `hierarchy -top ${top}`];

const statistics = [`log ${STATISTICS_MARK}`, 'stat -json'];

/** Lists the modules below the top, or below a module that this listed before, as they are with their parameters. */
export function listScript(files: Files, top: string, below?: string): string {
  const narrow = below === undefined ? [] : [`rename ${below} ${SUBJECT}`, `hierarchy -top ${SUBJECT}`];
  return [...elaborate(files, top), ...narrow, `log ${STATISTICS_MARK}`, 'ls'].join('; ');
}

export interface SynthesisScript {
  readonly files: Files;
  /** Where the hierarchy begins. */
  readonly top: string;
  /** The module to synthesise, with its parameters, as `listScript` lists it. */
  readonly module: string;
  readonly target: Target;
  /** Inputs that are made constant: ports that no device would have. */
  readonly constantInputs?: readonly string[];
  /** Patterns of outputs that are cut off. */
  readonly unusedOutputs?: readonly string[];
  /** Where to write the netlist, relative to the build folder. */
  readonly netlist?: string;
}

/** Synthesises one module of a design, flattened, with the parameters that it has in that design. */
export function synthesisScript({ files, top, module, target, ...rest }: SynthesisScript): string {
  const constants = (rest.constantInputs ?? []).flatMap((input) => [
    `delete -input ${SUBJECT}/w:${input}`,
    `setundef -undriven -zero ${SUBJECT}/w:${input}`,
  ]);
  const cut = (rest.unusedOutputs ?? []).map((output) => `delete -output ${SUBJECT}/o:${output}`);
  return [
    ...elaborate(files, top),
    `rename ${module} ${SUBJECT}`,
    ...constants,
    ...cut,
    synthCommand(target, SUBJECT),
    ...statistics,
    ...(rest.netlist === undefined ? [] : [`write_json "${rest.netlist}"`]),
  ].join('; ');
}
