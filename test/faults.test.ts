import { describe, expect, it } from 'vitest';
import { cobsDecode, cobsEncode } from '../firmware/protocol/cobs.js';
import { crc32 } from '../firmware/protocol/crc32.js';
import { encodeRequest } from '../firmware/protocol/frames.js';
import { PROTOCOL_VERSION } from '../firmware/protocol/messages.js';
import type { Transport } from '../firmware/transport/transport.js';
import type { LineDevice } from '../sim/line/line.js';
import { HungError } from '../sim/line/node/virtual-clock.js';
import { compileFixture, HARNESS, SMALL } from './rtl/link/fixture.js';
import { linkRig, type Rig, referenceRig } from './support/fault-rigs.js';
import {
  expectMet,
  FaultRunError,
  type Kind,
  type Phase,
  type RunOptions,
  range,
  runAll,
  runWithFaults,
} from './support/fault-runs.js';

describe('sessions over a line with faults end rightly, or with a typed error, and go on', () => {
  it('with the reference device, its buffer large and small', async () => {
    const tallies = await runAll((seed) => referenceRig(seed % 2 === 0 ? SMALL : undefined), range(1, 8));
    expectMet(tallies);
  });

  it("with the link's Verilog, its buffer large and small", async () => {
    const large = await compileFixture(HARNESS);
    const small = await compileFixture(HARNESS, { params: { MAX_BODY: SMALL.maxBody, RX_BYTES: SMALL.rxBytes } });
    expectMet(await runAll((seed) => linkRig(seed % 2 === 0 ? small : large), range(1, 2)));
  });

  it('with a device that takes steps', async () => {
    expectMet(await runAll((seed) => referenceRig(seed % 2 === 0 ? SMALL : undefined, true), range(11, 13)));
    const executable = await compileFixture(HARNESS, { params: { STEPS: 1 } });
    for (const kind of ['flip', 'drop', 'reset, memory kept'] as const) {
      const rig = await linkRig(executable, true);
      await runWithFaults(rig, { kind, phase: 'generation', seed: 1 }).finally(() => rig.close());
    }
  });
});

/** Frames as they are, each with the CRC that it should have: a receiver behind this does not check any. */
class Resigner {
  #frame: number[] = [];

  of(bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte !== 0) {
        this.#frame.push(byte);
        continue;
      }
      const payload = cobsDecode(Uint8Array.from(this.#frame.splice(0)));
      if (payload === null || payload.length < 6) continue;
      new DataView(payload.buffer, payload.byteOffset).setUint32(
        payload.length - 4,
        crc32(payload.subarray(0, -4)),
        true,
      );
      out.push(...cobsEncode(payload), 0);
    }
    return Uint8Array.from(out);
  }
}

describe('the runs are seen to fail', () => {
  /** What the first of the runs that fails throws. */
  async function failure(
    kind: Kind,
    phase: Phase,
    change: (rig: Rig) => Rig,
    options: RunOptions = {},
  ): Promise<unknown> {
    for (const seed of range(1, 20)) {
      try {
        await runWithFaults(change(await referenceRig()), { kind, phase, seed }, options);
      } catch (error) {
        return error;
      }
    }
    return null;
  }

  it('for a device that does not check CRCs', async () => {
    const careless = ({ device, ...rig }: Rig): Rig => {
      const resigner = new Resigner();
      const receive: LineDevice['receive'] = (bytes) => device.receive(resigner.of(bytes));
      return { ...rig, device: { receive, reset: (memory) => device.reset(memory) } };
    };
    expect(await failure('flip', 'generation', careless)).toMatchObject({
      message: expect.stringContaining('tokens are'),
    });
  });

  it('for a host that does not check CRCs', async () => {
    const wrap = (line: Transport): Transport => {
      const resigner = new Resigner();
      return {
        ...forward(line),
        start: (listener) =>
          line.start({
            ...listener,
            data: (bytes) => listener.data(resigner.of(bytes)),
            closed: (error) => listener.closed(error),
          }),
      };
    };
    expect(await failure('flip', 'generation', (rig) => rig, { wrap })).toBeInstanceOf(FaultRunError);
  });

  it('for a host that does not repeat what was lost', async () => {
    const never = { now: () => 0, after: () => () => undefined };
    const wrap = (line: Transport): Transport => ({ ...forward(line), clock: never });
    expect(await failure('silence', 'generation', (rig) => rig, { wrap })).toBeInstanceOf(HungError);
  });

  it('for a device that does not wait for HELLO after a reset', async () => {
    const eager = ({ device, ...rig }: Rig): Rig => ({
      ...rig,
      device: {
        receive: (bytes) => device.receive(bytes),
        async reset(memory) {
          await device.reset(memory);
          await device.receive(encodeRequest({ kind: 'hello', version: PROTOCOL_VERSION }, 0));
        },
      },
    });
    expect(await failure('reset, memory lost', 'generation', eager)).toBeInstanceOf(FaultRunError);
  });
});

function forward(line: Transport): Transport {
  return {
    name: line.name,
    ...(line.clock && { clock: line.clock }),
    start: (listener) => line.start(listener),
    write: (bytes) => line.write(bytes),
    close: () => line.close(),
  };
}
