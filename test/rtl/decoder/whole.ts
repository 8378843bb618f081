/** Whole tokens: sdq_decoder with its engine and generated ROMs, against the interpreter and the time model. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderTables, TABLES_TEMPLATE, tableWords } from '../../../generator/emit/render-tables.js';
import { render } from '../../../generator/emit/template.js';
import type { ModelConfig } from '../../../generator/model/types.js';
import type { Alphabet, Plan } from '../../../generator/plan/types.js';
import { compileProgram } from '../../../generator/schedule/compile.js';
import { decoderParameters } from '../../../generator/schedule/hardware.js';
import { assemble } from '../../../generator/schedule/instructions.js';
import { type MachineWidths, machineOf } from '../../../generator/schedule/machine.js';
import { parameterImage } from '../../../generator/schedule/parameters.js';
import { tokenTime } from '../../../generator/schedule/timing.js';
import { scaleUnits } from '../../../generator/sizing/array.js';
import { signsIndexWidth, signWords } from '../../../generator/sizing/framing.js';
import { engineGeometry } from '../../../generator/sizing/geometry.js';
import { indexWidth } from '../../../generator/sizing/integers.js';
import { memoryMap } from '../../../generator/sizing/memory.js';
import { scheduleFields, scheduleOf, scheduleWord } from '../../../generator/sizing/schedule.js';
import { tileLinear } from '../../../generator/sizing/tile.js';
import { Interpreter } from '../../../sim/golden/machine/interpreter.js';
import { GoldenArray } from '../../../sim/golden/machine/run.js';
import { fabricateModel, fabricatePlan } from '../../support/golden-models.js';
import { Random } from '../../support/golden-random.js';
import { type Bench, ROOT } from '../bench.js';
import { hexFile } from '../hex-file.js';
import { programVerilog } from './issue.js';

export interface WholeCase {
  readonly config: ModelConfig;
  readonly alphabet: Alphabet;
  readonly widths: MachineWidths;
  readonly lanes: number;
  readonly rows: number;
  readonly frame: number;
  readonly block: number;
  readonly engine?: 'table';
  /** The array runs the head. */
  readonly sdqHead?: boolean;
}

/** Tokens of the prompt, and tokens that are generated, in each of two requests. */
const PROMPT = 2;
const GENERATED = 3;

const target = { lutInputs: 4, memoryByteBits: 9 } as const;

function planOf({ config, alphabet, lanes, rows, frame, block, engine, sdqHead = false }: WholeCase): Plan {
  const plan = fabricatePlan(config, { alphabet, block, lanes, arrayRows: rows, placement: 'decoder', sdqHead });
  const array = { lanes, rows, frame, ...(engine && { engine }) };
  return { ...plan, array, memory: memoryMap(plan.linears, array) };
}

/** Verilog of a ROM of the engine, one cycle after its index. */
const rom = (name: string, width: number, addressWidth: number, words: readonly bigint[]): string =>
  `module ${name} (input wire clk_i, input wire [${addressWidth - 1}:0] index_i, output reg [${width - 1}:0] word_o);
  always @(posedge clk_i) case (index_i)
${words.map((word, i) => `    ${i}: word_o <= ${width}'h${word.toString(16)};`).join('\n')}
    default: word_o <= 0;
  endcase
endmodule
`;

/** The decoder of a case, with a made-up model. */
export const wholeDesign = (one: WholeCase, seed: number): WholeDesign => designOf(planOf(one), one.widths, seed);

export type WholeDesign = ReturnType<typeof designOf>;

/** The decoder for a plan, with a made-up model. @param units of the array's scaling, if not as sizing has it */
export function designOf(
  plan: Plan,
  widths: MachineWidths,
  seed: number,
  units = scaleUnits(plan.linears, plan.array, widths.drain),
) {
  const fabricated = fabricateModel(plan, seed);
  const machine = machineOf(plan, widths);
  const program = compileProgram(fabricated.model, machine);
  const assembly = assemble(program, machine, plan);
  const geometry = engineGeometry(plan, null, units);
  const tables = tableWords(fabricated.model.tables, plan.model.architecture === 'llama');
  const parameters = decoderParameters({ machine, program, assembly }, plan, geometry, target, tables.length);
  return { plan, ...fabricated, machine, program, assembly, geometry, tables, ...parameters };
}

/** The Verilog of whole_design: the decoder, its engine, and the generated ROMs. */
export function designVerilog({ plan, machine, assembly, geometry, tables, decoder, engine }: WholeDesign): string {
  const frame = geometry.frame!;
  const list = (parameters: Readonly<Record<string, number | string>>): string =>
    Object.entries(parameters)
      .map(([name, value]) => `.${name}(${value})`)
      .join(', ');
  return [
    renderTables(tables, ['Tables of a test.'], readFileSync(join(ROOT, 'templates', TABLES_TEMPLATE), 'utf8')),
    programVerilog(assembly),
    rom(
      'sdq_schedule',
      scheduleFields(geometry).reduce((sum, { width }) => sum + width, 0),
      16,
      scheduleOf(plan, geometry).map((entry) => scheduleWord(geometry, entry)),
    ),
    rom('sdq_signs', frame.values, signsIndexWidth(frame), signWords(plan.signs, frame)),
    render(readFileSync(join(ROOT, 'test/rtl/decoder/whole_design.v.hbs'), 'utf8'), {
      decoder: list(decoder),
      engine: list(engine),
      values: machine.widths.values,
      results: machine.widths.drain,
      blockAddrWidth: engine.BLOCK_ADDR_WIDTH,
      entryWidth: decoder.ENTRY_WIDTH,
      instructionWidth: decoder.INSTRUCTION_WIDTH,
      tableIndexWidth: indexWidth(tables.length),
      scheduleWidth: engine.SCHEDULE_WIDTH,
      signsIndexWidth: signsIndexWidth(frame),
      frameValues: frame.values,
      weightBits: engine.WEIGHT_BYTES! * engine.STORED_WIDTH!,
    }),
  ].join('\n');
}

/** Files of the decoder of a case, and the bench that compares it. */
export function wholeBench(folder: string, one: WholeCase, seed: number): Bench {
  const design = wholeDesign(one, seed);
  const { plan, model, linears, weights, machine, program, assembly, geometry } = design;
  const { config } = model;
  const { values, attention, banks } = one.widths;
  const name = `whole-${config.name}-${one.alphabet}-${values}-${attention}-${banks}-${seed}`;
  mkdirSync(folder, { recursive: true });
  const at = (suffix: string): string => join(folder, `${name}.${suffix}`);
  writeFileSync(at('v'), designVerilog(design));

  // What the host writes.
  const bytes: bigint[] = [];
  const put = (address: number, data: Uint8Array): void => {
    for (const [i, byte] of data.entries()) bytes.push((BigInt(address + i) << 8n) | BigInt(byte));
  };
  linears.forEach((linear, index) => {
    for (const image of tileLinear(plan, index, linear)) put(image.address, image.bytes);
  });
  put(0x40000000, parameterImage(model, machine));
  put(0x50000000, Uint8Array.from(assembly.constants));

  // Two requests: the second goes back to position 1 and wants logits.
  const interpreter = new Interpreter(program, machine, model.tables, parameterImage(model, machine));
  const array = new GoldenArray(model, weights);
  const random = new Random(seed + 100);
  const prompts: number[] = [];
  const answers: bigint[] = [];
  const logits: bigint[] = [];
  let position = 0;
  for (const wantsLogits of [false, true]) {
    let token = 0;
    for (let step = 0; step < PROMPT + GENERATED - 1; step++, position++) {
      if (step < PROMPT) {
        token = random.integer(0, config.vocab - 1);
        prompts.push(token);
      }
      const answer = array.finish(interpreter.step(token, position));
      token = answer.best;
      if (step < PROMPT - 1) continue;
      const { cycles } = tokenTime(program, machine, plan, geometry, position);
      answers.push((BigInt(position) << 64n) | (BigInt(token) << 32n) | BigInt(cycles + 4));
      if (wantsLogits) logits.push(...Array.from(answer.logits, (logit) => BigInt(logit >>> 0)));
    }
  }
  hexFile(at('bytes'), bytes);
  hexFile(at('prompts'), prompts.map(BigInt));
  hexFile(at('answers'), answers);
  hexFile(at('logits'), logits);
  return {
    name: `whole_tb ${name}`,
    top: 'whole_tb',
    sources: [join(ROOT, 'test/rtl/decoder/whole_tb.v'), at('v')],
    parameters: {
      BYTES: bytes.length,
      PROMPT,
      GENERATED,
      LOGITS: logits.length,
    },
    plusargs: { name: join(folder, name), seed },
  };
}
