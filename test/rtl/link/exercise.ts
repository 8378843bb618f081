/** What every transport to the fixture's device has to stand: open, upload, runs, close. */

import { expect } from 'vitest';
import { Accelerator } from '../../../firmware/device/accelerator.js';
import type { Transport } from '../../../firmware/transport/transport.js';
import { FakeEngine } from './fixture.js';

const WEIGHTS = { address: 0, bytes: new Uint8Array(4096).map((_, i) => (i % 8 < 5 ? 7 * i : 0)) };
const VECTOR = { address: 0x2000_0000, bytes: Uint8Array.from({ length: 16 }, (_, i) => 100 - i) };

/** Ends with the transport closed. */
export async function exercise(transport: Transport): Promise<void> {
  const engine = new FakeEngine();
  for (const { address, bytes } of [WEIGHTS, VECTOR]) engine.write(address, bytes);
  const device = await Accelerator.open(transport);
  try {
    await device.upload([WEIGHTS]);
    expect(await device.upload([WEIGHTS])).toMatchObject({ sentBytes: 0 });
    for (let linear = 0; linear < 4; linear++) {
      const { values } = await device.run(linear, 3, [VECTOR]);
      expect(values).toEqual(engine.run(linear, 3).values);
    }
  } finally {
    await device.close();
  }
  await expect(transport.write(Uint8Array.of(0))).rejects.toMatchObject({ code: 'closed' });
}
