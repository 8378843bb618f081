/** Sets up Verilator as its first user does, once and in sight, before test files ask for it from all sides. */

import { ensure } from '../../sim/verilator-bin/src/ensure.js';

export default async function setUpVerilator(): Promise<void> {
  try {
    await ensure({ log: (line) => console.warn(line) });
  } catch (error) {
    // Most tests do without; those that do not will fail with this message.
    console.warn((error as Error).message);
  }
}
