import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rtlFolders } from '../rtl/bench.js';
import { lacks, yosys } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

/** The folders of rtl/, and those with properties beside them. */
const FOLDERS = rtlFolders().flatMap((folder) => [folder, join(folder, 'formal')].filter(existsSync));

interface Proof {
  readonly top: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

const REQUESTS = {
  INFO_BYTES: '2',
  INFO: "16'h1234",
  LINEARS: '35',
  REGION0_BYTES: '90112',
  REGION1_BYTES: '268435456',
  REGION2_BYTES: '1000',
  REGION3_BYTES: '0',
};
const SMALL_RING = { RX_BYTES: '64', MAX_BODY: '24' };
/** The link of a decoder. */
const STEPS = { STEPS: '1', VOCAB: '150', CONTEXT: '40', REGION4_BYTES: '512', REGION5_BYTES: '77' };

const STEP_PROOF: Proof = { top: 'sdq_command', parameters: { ...REQUESTS, ...STEPS, TOKENS: '5' } };

/** Rings are small and INFO short, so that proofs take seconds; the sources are the same. */
const PROOFS: readonly Proof[] = [
  { top: 'sdq_cobs_decode' },
  { top: 'sdq_cobs_encode' },
  { top: 'sdq_frame_tx' },
  { top: 'sdq_frame_rx', parameters: SMALL_RING },
  { top: 'sdq_command', parameters: REQUESTS },
  { top: 'sdq_host_link', parameters: { ...SMALL_RING, ...REQUESTS } },
  STEP_PROOF,
  { top: 'sdq_host_link', parameters: { ...SMALL_RING, ...REQUESTS, ...STEPS } },
  { top: 'sdq_result_reader', parameters: { UNITS: '3', UNIT_WIDTH: '2' } },
  { top: 'sdq_result_reader', parameters: { UNITS: '8', UNIT_WIDTH: '1', RESULTS: '4', ROW_WIDTH: '5' } },
  { top: 'sdq_run_control' },
  { top: 'sdq_run_overlap' },
  { top: 'sdq_weight_stream', parameters: { DEPTH: '32', DEPTH_WIDTH: '5' } },
];

/** Proves the assertions of a module for all time, by induction with yosys' SAT solver; returns its log. */
function prove({ top, parameters = {} }: Proof, replace: (file: string) => string = (file) => file) {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.v'))
      .map((file) => replace(join(folder, file))),
  );
  const chosen = Object.entries(parameters).map(([name, value]) => `-chparam ${name} ${value}`);
  const script = [
    `read_verilog -formal -defer -DPROVE_${top.toUpperCase()} ${FOLDERS.map((folder) => `-I${folder}`).join(' ')} ${sources.join(' ')}`,
    `hierarchy -check -top ${top} ${chosen.join(' ')}`,
    'flatten',
    // Memories stay cells that the solver leaves free: no property depends on their contents.
    'prep -nordff',
    'sat -verify -tempinduct -prove-asserts -set-assumes -ignore_unknown_cells -maxsteps 4',
  ].join('; ');
  const { status, stdout, stderr } = spawnSync('yosys', ['-p', script], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return {
    proven: status === 0 && stdout.includes('Induction step proven: SUCCESS!'),
    log: stdout.slice(-3000) + stderr,
  };
}

describe.skipIf(lacks(yosys))('the properties of handshakes', () => {
  it('are all proved', () => {
    const files = FOLDERS.flatMap((folder) => readdirSync(folder));
    const stated = files.flatMap((file) => /^(\w+)_properties\.vh$/.exec(file)?.[1] ?? []);
    const parts = ['sdq_response', 'sdq_step_request', 'sdq_step_response']; // of sdq_command
    expect([...new Set(PROOFS.map(({ top }) => top)), ...parts].sort()).toEqual(stated.sort());
  });

  it.each(PROOFS)('hold for all time: $top $parameters.STEPS', (proof) => {
    const { proven, log } = prove(proof);
    expect(proven, log).toBe(true);
  });

  it.each([
    ['sdq_frame_rx', '!full && !closing_q', '!closing_q'],
    ['sdq_cobs_encode', 'state_q == S_BYTES && !full', 'state_q == S_BYTES'],
    ['sdq_command', ' && end_offset <= region_bytes', ''],
    ['sdq_command', "reading_q != 5'd31", "1'b1"],
    ['sdq_command', ' && is_allowed', ''],
    ['sdq_step_request', " && {14'd0, end_sum} <= END_LIMIT", ''],
    ['sdq_step_request', 'token_valid_o && !token_ready_i', "1'b0"],
    ['sdq_step_response', 'turn_q ? logit_valid_i : answer_valid_i', "1'b1"],
    ['sdq_cobs_decode', 'out_ready_i || !gives_item', "1'b1"],
    ['sdq_host_link', ' || send_busy', ''],
    ['sdq_result_reader', '!result_valid_o || result_ready_i', "1'b1"],
    ['sdq_result_reader', 'moves && last_row', 'last_row'],
    ['sdq_run_control', 'counting_q && !result_valid_i', 'counting_q'],
    ['sdq_run_control', 'if (drained_i) state_q', 'state_q'],
    ['sdq_run_control', 'takes ? run_linear_i', 'run_ready_o ? run_linear_i'],
    ['sdq_run_overlap', ' && !runs_q[1]', ''],
    ['sdq_run_overlap', '!walking_q && ', ''],
    ['sdq_weight_stream', 'taken_q <= MOST_TAKEN[DEPTH_WIDTH:0]', '!taken_q[DEPTH_WIDTH]'],
    ['sdq_weight_stream', 'assign out_ready = !whole', "assign out_ready = 1'b1"],
  ])('are seen to fail: %s without "%s"', (top, from, to) => {
    const folder = tempDirectory();
    const { proven, log } = prove(PROOFS.find((proof) => proof.top === top) ?? STEP_PROOF, (file) => {
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
