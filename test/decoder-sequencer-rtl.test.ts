import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decoderSchedule } from '../generator/cli/decoder-schedule.js';
import { compileProgram, modelOfPlan } from '../generator/schedule/compile.js';
import {
  issueParameters,
  memoryParameters,
  sequencerParameters,
  vectorRamParameters,
} from '../generator/schedule/hardware.js';
import { assemble } from '../generator/schedule/instructions.js';
import { LATENCY, tokenTime } from '../generator/schedule/timing.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT, runBench } from './rtl/bench.js';
import { assembledDecoder, issueBenches, programVerilog, sequencerBenches } from './rtl/decoder/issue.js';
import { llamaConfig, optConfig, optPostNormConfig } from './support/golden-models.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const WIDTHS = { values: 4, attention: 8, drain: 1, banks: 1 } as const;
const directory = tempDirectory();

describe.skipIf(lacks(icarus))('issue of a program', () => {
  const folder = tempDirectory();

  it.each([...issueBenches(folder), ...sequencerBenches(folder)])(
    'is what the time model says: $name',
    async (bench) => {
      const { status, output } = await runBench(bench, { folder: join(folder, bench.name.replaceAll(/\W+/g, '-')) });
      expect(status, output).toBe('passed');
    },
  );
});

describe('modules of the sequencer', () => {
  const folders = ['decoder', 'memory'].map((folder) => join(ROOT, 'rtl', folder));
  const decoder = assembledDecoder(optConfig(), WIDTHS);
  const program = join(directory, 'sdq_program.v');
  writeFileSync(program, programVerilog(decoder.assembly));

  it('are clean for verilator -Wall, by themselves and with the parameters of a model', async () => {
    const parameters: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>> = {
      sdq_best: [{}, { LANES: 8 }],
      sdq_decoder_control: [{}],
      sdq_decoder_memories: [{}, memoryParameters(decoder.assembly, decoder.machine)],
      sdq_decoder_sequencer: [
        {},
        { LANES: 1 },
        sequencerParameters(decoder.assembly, decoder.program, decoder.machine, decoder.plan),
      ],
      sdq_issue: [{}, issueParameters(decoder.assembly, decoder.program)],
      sdq_logit_stream: [{}, { LANES: 8 }],
      sdq_operand_hold: [{}],
      sdq_run_queue: [{}, { INDEX_WIDTH: 16 }],
      sdq_vector_ram: [{}, vectorRamParameters(decoder.machine)],
    };
    for (const [top, sets] of Object.entries(parameters)) {
      for (const params of sets) {
        const file = join(ROOT, 'rtl/decoder', `${top}.v`);
        expect(await lint({ files: [file], top, params, includeDirs: folders })).toMatchObject({ output: '' });
      }
    }
    expect(await lint({ files: [program], top: 'sdq_program' })).toMatchObject({ output: '' });
  });

  it.skipIf(lacks(icarus)).each([
    ['sdq_issue', { WORD_WIDTH: 30, ROWS_AT: 23 }, /g_illegal_place: WORD_WIDTH=30, .* 23 /],
    ['sdq_issue', { LAYERS: 3 }, /g_illegal_layers: LAYERS=3 LAYER_WIDTH=1/],
    ['sdq_vector_ram', { VALUES: 3 }, /g_illegal: VALUES=3/],
    ['sdq_decoder_memories', { PARAMETER_ADDR_WIDTH: 26 }, /g_illegal: address bits 29 2/],
    ['sdq_run_queue', { INDEX_WIDTH: 17 }, /g_illegal: INDEX_WIDTH=17/],
    ['sdq_best', { LANES: 3 }, /g_illegal: LANES=3/],
    ['sdq_logit_stream', { DEPTH: 12 }, /g_illegal: .*DEPTH=12/],
    ['sdq_decoder_control', { TOKEN_WIDTH: 40 }, /g_illegal: TOKEN_WIDTH=40/],
    ['sdq_decoder_sequencer', { ROW_WIDTH: 8 }, /g_illegal: ROW_WIDTH=8 TOKEN_WIDTH=9/],
    ['sdq_operand_hold', { WIDTH: 0 }, /g_illegal: WIDTH=0/],
  ] as const)('%s refuses %o', (top, parameters, message) => {
    const out = join(directory, `${top}.vvp`);
    const compiled = spawnSync('iverilog', [
      ...['-g2005', '-s', top, '-o', out],
      ...Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`),
      ...folders.flatMap((folder) => ['-y', folder]),
      join(ROOT, 'rtl/decoder', `${top}.v`),
    ]);
    expect(compiled.status, compiled.stderr.toString()).toBe(0);
    expect(spawnSync('vvp', ['-n', out]).stdout.toString()).toMatch(message);
  });
});

describe('the schedule of a decoder', () => {
  it.each([llamaConfig(), optConfig(), optPostNormConfig()])('follows from the plan of $name alone', (config) => {
    const { plan, machine, program, assembly } = assembledDecoder(config, WIDTHS);
    const planned = compileProgram(modelOfPlan(plan), machine);
    expect(assemble(planned, machine, plan).words).toEqual(assembly.words);
    const time = tokenTime(program, machine, plan, engineGeometry(plan), 3);
    const { json, text } = decoderSchedule(planned, time, 3);
    const cycles = time.cycles + LATENCY.step;
    expect(json).toMatchObject({ cycles, position: 3, beats: time.beats });
    expect(text.split('\n')).toHaveLength(program.instructions.length + 4);
    expect(text).toContain(`${cycles} cycles for the token at position 3`);
    expect(text).toMatch(/CUT +source=\d+ length=\d+ segment=\d+ frame after:array/);
  });

  it('is listed beside its words', () => {
    const verilog = programVerilog(assembledDecoder(llamaConfig(), WIDTHS).assembly);
    expect(verilog).toMatch(/words\[0\] = \d+'h2; {2}\/\/ PHASE/);
    expect(verilog).toContain('// END     after:vector after:array after:dot after:mix');
  });
});
