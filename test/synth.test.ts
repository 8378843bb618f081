import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadBoard } from '../generator/boards/node/load.js';
import { synth } from '../generator/cli/commands/synth.js';
import { InputError } from '../generator/errors.js';
import { planHash, prettyPlan } from '../generator/plan/hash.js';
import { estimate } from '../generator/sizing/estimate.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import { parseFmax } from '../generator/synth/place-route.js';
import { synthesisScript } from '../generator/synth/scripts.js';
import { resourcesOf, TARGETS } from '../generator/synth/targets.js';
import { errorOf, parseCells, parseModules, passTitle } from '../generator/synth/yosys-output.js';
import { smallPlan } from './support/small-plan.js';
import { tempDirectory } from './support/temp.js';

describe('resources of cells', () => {
  it('count LUTs with LUT-RAM, carries, halves of block RAMs', () => {
    expect(
      resourcesOf('xilinx', { LUT6: 5, LUT2: 1, INV: 1, RAM32M: 2, SRL16E: 1, RAMB18E1: 3, FDRE: 4, FDSE: 1 }),
    ).toEqual({ luts: 16, lutRams: 9, ffs: 5, brams: 1.5, dsps: 0 });
    expect(
      resourcesOf('ecp5', { LUT4: 3, CCU2C: 2, TRELLIS_DPR16X4: 1, TRELLIS_FF: 9, MULT18X18D: 1, PFUMX: 7 }),
    ).toEqual({
      luts: 13,
      lutRams: 6,
      ffs: 9,
      brams: 0,
      dsps: 1,
    });
    expect(
      resourcesOf('ice40', { SB_LUT4: 3, SB_CARRY: 9, SB_DFF: 1, SB_DFFESR: 2, SB_RAM40_4K: 4, SB_MAC16: 5 }),
    ).toEqual({
      luts: 3,
      lutRams: 0,
      ffs: 3,
      brams: 4,
      dsps: 5,
    });
  });
});

describe("Yosys' output", () => {
  const cells = { LUT4: 12, TRELLIS_FF: 3 };
  const statistics = (entries: string): string =>
    `stat: "num_cells_by_type": { "LUT4": 99 }\nsdq statistics\n{"modules": {"\\\\a": {"num_cells_by_type": {\n "LUT4": 7\n}}},\n` +
    ` "design": {\n "num_cells_by_type": {\n${entries}\n }\n}\n}\n`;

  it('gives the cells of the whole design', () => {
    expect(parseCells(statistics('  "LUT4": 12,\n  "TRELLIS_FF": 3'))).toEqual(cells);
  });

  it('gives them from versions that print a comma too much, or objects', () => {
    expect(parseCells(statistics('  "LUT4": 12,\n  "TRELLIS_FF": 3,\n\n'))).toEqual(cells);
    const object = (count: number): string => `{ "count": "${count}", "area": "0.0", "local_count": "${count}" }`;
    expect(parseCells(statistics(`  "LUT4": ${object(12)},\n  "TRELLIS_FF": ${object(3)}`))).toEqual(cells);
  });

  it('is refused without statistics', () => {
    expect(() => parseCells('LUT4 12\n')).toThrow('without the statistics');
  });

  it('lists modules by the names that they have in their source', () => {
    const modules = parseModules(
      "noise\nsdq statistics\n\n4 modules:\n  $paramod$22c4\\sdq_mac_array\n  $paramod\\sdq_delay\\WIDTH=s32'1\n  sdq_top\n",
    );
    expect([...modules]).toEqual([
      ['sdq_mac_array', '$paramod$22c4\\sdq_mac_array'],
      ['sdq_delay', "$paramod\\sdq_delay\\WIDTH=s32'1"],
      ['sdq_top', 'sdq_top'],
    ]);
  });

  it('has titles of passes and errors', () => {
    expect(passTitle('2.13. Executing ABC pass (technology mapping using ABC).')).toBe('ABC');
    expect(passTitle('2.13.4. Executing OPT pass.')).toBeNull();
    expect(passTitle('1. Executing Verilog-2005 frontend: a.v')).toBeNull();
    expect(errorOf('ok\nrtl/a.v:7: ERROR: syntax error\nmore')).toBe('rtl/a.v:7: ERROR: syntax error');
    expect(errorOf('all is well')).toBeNull();
  });

  it('has the clock rate after routing last', () => {
    const rate = (mhz: string): string =>
      `Info: Max frequency for clock '$glbnet$clk_i': ${mhz} MHz (PASS at 25.00 MHz)\n`;
    expect(parseFmax(`${rate('90.10')}Info: routing\n${rate('71.35')}`)).toBe(71.35);
    expect(parseFmax('ERROR: no')).toBeNull();
  });
});

describe('a script', () => {
  it('takes a module with the parameters that it has below the top', () => {
    const script = synthesisScript({ files: ['rtl/a b.v'], top: 'sdq_top', module: '$paramod$1\\m', target: 'ecp5' });
    expect(script).toBe(
      'read_verilog "rtl/a b.v"; hierarchy -top sdq_top; rename $paramod$1\\m sdq_subject; ' +
        'setattr -unset ram_style */m:* a:ram_style=huge %i; synth_ecp5 -top sdq_subject; ' +
        'log sdq statistics; stat -json',
    );
  });

  it('cuts off outputs', () => {
    const script = {
      files: ['a.v'],
      top: 'sdq_top',
      module: 'sdq_top',
      target: 'ecp5',
      unusedOutputs: ['trace_*'],
    } as const;
    expect(synthesisScript(script)).toContain(
      'rename sdq_top sdq_subject; delete -output sdq_subject/o:trace_*; setattr',
    );
  });
});

const sandbox = tempDirectory();
let runs = 0;

/** A build folder, and a PATH with nothing but the fake programs that a test puts there. */
class Sandbox {
  readonly bin = join(sandbox, `bin-${++runs}`);
  readonly build = join(sandbox, `build-${runs}`);

  constructor() {
    mkdirSync(this.bin);
    mkdirSync(join(this.build, 'rtl'), { recursive: true });
    writeFileSync(join(this.build, 'plan.json'), prettyPlan(smallPlan()));
    writeFileSync(join(this.build, 'sdq_top.v'), 'module sdq_top; endmodule\n');
    vi.stubEnv('PATH', this.bin);
  }

  tool(name: string, code: string): void {
    const file = join(this.bin, name);
    writeFileSync(file, `#!${process.execPath}\nconst script = process.argv.slice(2).join(' ');\n${code}\n`);
    chmodSync(file, 0o755);
  }

  /** An npm whose packages have a Yosys that counts its netlists, and a router that copies them. */
  npm(): void {
    const commands = `
export class Exit extends Error {}
const statistics = '{"design": {"num_cells_by_type": {"SB_LUT4": 9, "SB_DFF": 8}}}';
export const commands = {
  async yosys(args, files, { stdout }) {
    const script = args[1];
    const lines = script.endsWith('; ls') ? ['', '  sdq_mac_array', '  sdq_core', '  sdq_top', ''] : [statistics];
    stdout(Buffer.from(['', 'sdq statistics', ...lines, ''].join('\\n')));
    if (!script.includes('write_json')) return files;
    const old = files['synth-ice40.json'];
    return { ...files, 'synth-ice40.json': Buffer.from('netlist ' + (old ? 2 : 1)) };
  },
  async 'nextpnr-ice40'(args, files, { stdout }) {
    stdout(Buffer.from("Info: Max frequency for clock 'clk_i': 33.25 MHz (PASS at 12.00 MHz)\\n"));
    return { ...files, routed: files['synth-ice40.json'] };
  },
};`;
    this.tool(
      'npm',
      `const fs = require('node:fs');
const spec = process.argv.at(-1);
const folder = 'node_modules/' + spec.slice(0, spec.lastIndexOf('@'));
fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(folder + '/package.json', JSON.stringify({ type: 'module', exports: './index.js' }));
fs.writeFileSync(folder + '/index.js', ${JSON.stringify(commands)});`,
    );
  }

  /** Lists the given modules, those below the array first narrowed, and gives each the number of cells that it is worth. */
  yosys(modules: readonly string[], inArray: readonly string[] = []): void {
    this.tool(
      'yosys',
      `console.log('2.1. Executing PROC pass (convert processes to netlists).');
const list = (names) => console.log(['sdq statistics', '', ...names.map((name) => '  ' + name), ''].join('\\n'));
if (script.endsWith('; ls')) list(script.includes('rename') ? ${JSON.stringify(inArray)} : ${JSON.stringify(modules)});
else {
  const luts = script.includes('sdq_mac_array sdq') ? 90 : script.includes('rename sdq_top') ? 200 : script.includes('rename sdq_core') ? 180 : 7;
  console.log('sdq statistics\\n{"design": {"num_cells_by_type": {"LUT4": ' + luts + ', "TRELLIS_FF": 11}}}');
}`,
    );
  }
}

describe('sdq synth', () => {
  let box: Sandbox;

  beforeEach(() => {
    box = new Sandbox();
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  const modules = [
    '$paramod$5a\\sdq_mac_array',
    'sdq_base3_decode',
    'sdq_symbol_pack',
    '$paramod$6b\\sdq_core',
    'sdq_top',
  ];

  it('counts the design, and per addition the array with the decoders beside it', async () => {
    box.yosys(modules);
    const { json, passed } = await synth(box.build, { target: 'ecp5' });
    expect(json).toMatchObject({
      luts: 200,
      ffs: 11,
      brams: 0,
      dsps: 0,
      macsPerClock: 40,
      lutsPerMac: (90 + 7 + 7) / 40,
      fmaxMHz: null,
      top: 'sdq_top',
      planHash: planHash(smallPlan()),
    });
    expect(passed).toBe(true);
    expect(readFileSync(join(box.build, 'synth-ecp5.log'), 'utf8')).toContain('Executing PROC pass');
  });

  it('shows the estimate for the target beside the count', async () => {
    box.yosys(modules);
    const estimates = new Map<string, { luts: number; brams: number }>();
    for (const target of TARGETS) {
      const { json, text } = await synth(box.build, { target });
      const { estimate, luts, brams } = json as Record<'luts' | 'brams', number> & {
        estimate: { luts: number; brams: number };
      };
      estimates.set(target, estimate);
      const row = (name: string, estimated: number, counted: number): RegExp => {
        const percent = (100 * (counted / estimated - 1)).toFixed(1).replace('-', '\\-');
        return new RegExp(`^${name} +${estimated} +${counted} +\\+?${percent} %$`, 'm');
      };
      expect(text).toMatch(row('LUTs', estimate.luts, luts));
      expect(text).toMatch(row('block RAMs', estimate.brams, brams));
    }
    // The board's own estimate is that of a family with its LUTs and block RAMs.
    const plan = smallPlan();
    const board = loadBoard('sim');
    expect(estimates.get('ecp5')).toEqual(estimate(engineGeometry(plan, board), board));
    expect(estimates.get('xilinx')!.luts).toBeLessThan(estimates.get('ecp5')!.luts);
    expect(estimates.get('ice40')!.brams).toBeGreaterThan(estimates.get('ecp5')!.brams);
  });

  it('takes the whole top of a decoder for a board of another family, without what is for simulations', async () => {
    box.yosys(modules.filter((name) => !name.includes('core')));
    writeFileSync(join(box.build, 'plan.json'), prettyPlan({ ...smallPlan(), board: 'ulx3s-85f' }));
    expect((await synth(box.build, { target: 'xilinx' })).json).toMatchObject({ top: 'sdq_top', luts: 200 });
  });

  it('does not count twice a decoder that is in the array', async () => {
    box.yosys(modules, ['sdq_base3_decode', 'sdq_symbol_pack']);
    const { json } = await synth(box.build, { target: 'ecp5' });
    expect(json).toMatchObject({ lutsPerMac: 90 / 40 });
  });

  it('says what Yosys said when it fails, and where the log is', async () => {
    box.tool('yosys', `console.log('reading'); console.error('sdq_top.v:3: ERROR: syntax error'); process.exit(1);`);
    const failure = synth(box.build, { target: 'ice40' });
    await expect(failure).rejects.toThrow(InputError);
    await expect(failure).rejects.toThrow(/sdq_top\.v:3: ERROR: syntax error \(see .*synth-ice40\.log\)$/);
    expect(readFileSync(join(box.build, 'synth-ice40.log'), 'utf8')).toContain('ERROR: syntax error');
  });

  it('refuses a build without the array', async () => {
    box.yosys(['sdq_top']);
    await expect(synth(box.build, { target: 'ecp5' })).rejects.toThrow(/has no sdq_mac_array below sdq_top/);
  });

  it('says how to get Yosys where neither it nor npm is there', async () => {
    await expect(synth(box.build, { target: 'ecp5' })).rejects.toThrow(
      /yosys is not on PATH, nor is npm, .*@yowasp\/yosys.*apt install yosys/,
    );
  });

  it('fetches the WebAssembly builds once where the programs are not there', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(box.bin, 'cache'));
    box.npm();
    const { json } = await synth(box.build, { target: 'ice40', pnr: true });
    expect(json).toMatchObject({ ffs: 8, yosys: expect.stringMatching(/^@yowasp\/yosys@/), fmaxMHz: 33.25 });
    expect(readFileSync(join(box.build, 'synth-ice40.json'), 'utf8')).toBe('netlist 1');
    box.tool('npm', 'process.exit(7);');
    await synth(box.build, { target: 'ice40', pnr: true });
    // What the router reads is what was written last.
    expect(readFileSync(join(box.build, 'routed'), 'utf8')).toBe('netlist 2');
  });

  it('says why npm could not fetch them', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(box.bin, 'cache'));
    box.tool('npm', `console.error('npm error code E404\\nnpm error 404 Not Found'); process.exit(1);`);
    await expect(synth(box.build, { target: 'ecp5' })).rejects.toThrow(
      /npm could not fetch @yowasp\/yosys@[\d.]+ \(404 Not Found\): get it with "apt install yosys"/,
    );
    expect(readdirSync(join(box.bin, 'cache/sdq-forge/packages'))).toEqual([]);
  });

  it('says which router is missing before it synthesises', async () => {
    box.tool('yosys', 'process.exit(1);');
    await expect(synth(box.build, { target: 'ecp5', pnr: true })).rejects.toThrow(
      /nextpnr-ecp5 is not on PATH: get it/,
    );
    await expect(synth(box.build, { target: 'xilinx', pnr: true })).rejects.toThrow(/ice40 and ecp5/);
  });

  it('gives the clock rate after place and route', async () => {
    box.yosys(modules);
    box.tool('nextpnr-ecp5', `console.log("Info: Max frequency for clock 'clk_i': 61.50 MHz (FAIL at 100.00 MHz)");`);
    const { json, passed } = await synth(box.build, { target: 'ecp5', pnr: true });
    expect(json).toMatchObject({ fmaxMHz: 61.5 });
    expect(passed).toBe(true);
  });

  it('fails as a check, with the object, if the design does not fit', async () => {
    box.yosys(modules);
    box.tool('nextpnr-ecp5', `console.error('ERROR: Unable to place cell, no BELs remaining'); process.exit(255);`);
    const { json, passed } = await synth(box.build, { target: 'ecp5', pnr: true });
    expect(json).toMatchObject({ luts: 200, fmaxMHz: null, problem: expect.stringContaining('no BELs remaining') });
    expect(passed).toBe(false);
  });
});
