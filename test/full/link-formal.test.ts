import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../rtl/link/fixture.js';
import { lacks, yosys } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

const FOLDERS = ['rtl/link', 'rtl/control', 'rtl/link/formal', 'rtl/control/formal'].map((folder) =>
  join(ROOT, folder),
);

interface Proof {
  readonly top: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Rings are small and INFO short, so that proofs take seconds; the sources are the same. */
const PROOFS: readonly Proof[] = [
  { top: 'sdq_cobs_decode' },
  { top: 'sdq_cobs_encode' },
  { top: 'sdq_frame_tx' },
  { top: 'sdq_frame_rx', parameters: { RX_BYTES: '64', MAX_BODY: '24' } },
  {
    top: 'sdq_command',
    parameters: {
      INFO_BYTES: '2',
      INFO: "16'h1234",
      LINEARS: '35',
      REGION0_BYTES: '90112',
      REGION1_BYTES: '268435456',
      REGION2_BYTES: '1000',
      REGION3_BYTES: '0',
    },
  },
];

/** Proves the assertions of a module for all time, by induction with yosys' SAT solver; returns its log. */
function prove({ top, parameters = {} }: Proof, replace: (file: string) => string = (file) => file) {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.v'))
      .map((file) => replace(join(folder, file))),
  );
  const chosen = Object.entries(parameters).map(([name, value]) => `-set ${name} ${value}`);
  const script = [
    `read_verilog -formal -DPROVE_${top.toUpperCase()} ${FOLDERS.map((folder) => `-I${folder}`).join(' ')} ${sources.join(' ')}`,
    ...(chosen.length > 0 ? [`chparam ${chosen.join(' ')} ${top}`] : []),
    `hierarchy -check -top ${top}`,
    'flatten',
    // Memories stay cells that the solver leaves free: no property depends on their contents.
    `prep -top ${top} -nordff`,
    'sat -verify -tempinduct -prove-asserts -set-assumes -ignore_unknown_cells -maxsteps 4',
  ].join('; ');
  const { status, stdout, stderr } = spawnSync('yosys', ['-p', script], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return {
    proven: status === 0 && stdout.includes('Induction step proven: SUCCESS!'),
    log: stdout.slice(-3000) + stderr,
  };
}

describe.skipIf(lacks(yosys))('the properties of the link', () => {
  it.each(PROOFS)('hold for all time: $top', (proof) => {
    const { proven, log } = prove(proof);
    expect(proven, log).toBe(true);
  });

  it.each([
    ['sdq_frame_rx', '!full && !closing_q', '!closing_q'],
    ['sdq_cobs_encode', 'state_q == S_BYTES && !full', 'state_q == S_BYTES'],
    ['sdq_command', ' && end_offset <= region_bytes', ''],
    ['sdq_command', "reading_q != 5'd31", "1'b1"],
    ['sdq_cobs_decode', 'out_ready_i || !gives_item', "1'b1"],
  ])('are seen to fail: %s without "%s"', (top, from, to) => {
    const folder = tempDirectory();
    const { proven, log } = prove(PROOFS.find((proof) => proof.top === top)!, (file) => {
      if (basename(file) !== `${top}.v`) return file;
      const source = readFileSync(file, 'utf8');
      expect(source).toContain(from);
      const broken = join(folder, basename(file));
      writeFileSync(broken, source.replace(from, to));
      return broken;
    });
    expect(proven).toBe(false);
    expect(log).toContain('proof did fail');
  });
});
