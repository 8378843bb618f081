import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileFixture, fixtureVerilog, HARNESS, SMALL } from '../rtl/link/fixture.js';
import { generatedRig, linkRig, referenceRig, smallSimulator } from '../support/fault-rigs.js';
import { expectMet, FaultRunError, range, runAll, runWithFaults } from '../support/fault-runs.js';
import { tempDirectory } from '../support/temp.js';

const SMALL_PARAMETERS = { params: { MAX_BODY: SMALL.maxBody, RX_BYTES: SMALL.rxBytes } };

describe('sessions over a line with faults end rightly, or with a typed error, and go on', () => {
  // Thirteen kinds in two phases: 1872 sessions.
  it('with the reference device, its buffer large and small', async () => {
    const tallies = await runAll((seed) => referenceRig(seed % 2 === 0 ? SMALL : undefined), range(1001, 1025));
    expect(expectMet(tallies)).toBe(650);
  });

  it("with the link's Verilog, its buffer large and small", async () => {
    const large = await compileFixture(HARNESS);
    const small = await compileFixture(HARNESS, SMALL_PARAMETERS);
    const tallies = await runAll((seed) => linkRig(seed % 2 === 0 ? small : large), range(2001, 2017));
    expect(expectMet(tallies)).toBe(442);
  });

  it('with a device that takes steps: the reference, and the Verilog', async () => {
    const reference = await runAll((seed) => referenceRig(seed % 2 === 0 ? SMALL : undefined, true), range(4001, 4012));
    expect(expectMet(reference)).toBe(312);
    const large = await compileFixture(HARNESS, { params: { STEPS: 1 } });
    const small = await compileFixture(HARNESS, { params: { ...SMALL_PARAMETERS.params, STEPS: 1 } });
    const tallies = await runAll((seed) => linkRig(seed % 2 === 0 ? small : large, true), range(5001, 5010));
    expect(expectMet(tallies)).toBe(260);
  });

  it('with a generated accelerator', async () => {
    const { executable, made } = await smallSimulator(tempDirectory());
    const tallies = await runAll(async () => generatedRig(executable, made), range(3001, 3008));
    expect(expectMet(tallies)).toBe(208);
  });

  it('and are seen to fail with Verilog that does not check the CRC', async () => {
    const name = 'sdq_frame_rx.v';
    const [source] = fixtureVerilog().filter((file) => basename(file) === name);
    const broken = join(tempDirectory(), name);
    const text = readFileSync(source!, 'utf8');
    expect(text).toContain('|| crc != CRC_RESIDUE');
    writeFileSync(broken, text.replace('|| crc != CRC_RESIDUE', ''));
    const verilog = fixtureVerilog().map((file) => (file === source ? broken : file));
    const executable = await compileFixture(HARNESS, { verilog });
    const runs = async (): Promise<void> => {
      for (const seed of range(1, 20)) {
        const rig = await linkRig(executable);
        try {
          await runWithFaults(rig, { kind: 'flip', phase: 'generation', seed });
        } finally {
          await rig.close();
        }
      }
    };
    await expect(runs()).rejects.toBeInstanceOf(FaultRunError);
  });
});
