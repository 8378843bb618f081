import type { MemoryImage } from '../../../firmware/device/upload.js';
import { systemClock } from '../../../firmware/transport/clock.js';
import { startTerminal, type VirtualBoard, writeFrames } from '../../harness/node/virtual-board.js';
import type { LineFaults } from '../faults.js';
import { FaultyLine } from '../line.js';
import { SimulatedDevice } from './simulated-device.js';

/**
 * Starts a virtual board behind a line with faults; it ends at the latest with this process, or when the line does.
 *
 * @param executable a compiled simulator
 * @param clockHz clock of the accelerator
 * @param images what its memory holds when this resolves
 * @throws as `startVirtualBoard`
 */
export async function startFaultyBoard(
  executable: string,
  clockHz: number,
  faults: LineFaults,
  images: readonly MemoryImage[] = [],
  signal?: AbortSignal,
): Promise<VirtualBoard> {
  const device = new SimulatedDevice(executable, clockHz, { nonce: Date.now() >>> 0 });
  try {
    if (images.length > 0) await device.receive(writeFrames(images));
    const terminal = await startTerminal(executable, ['--relay'], signal);
    const line = new FaultyLine(device, faults, systemClock, terminal.path);
    line.start({
      data: (bytes) => void terminal.stdin.write(bytes),
      closed: () => terminal.stop(),
    });
    terminal.stdout.on('data', (bytes: Uint8Array) => {
      terminal.stdout.pause();
      line.write(bytes).then(
        () => terminal.stdout.resume(),
        () => undefined,
      );
    });
    terminal.stdout.resume();
    const exited = terminal.exited.finally(async () => {
      await line.close();
      await device.close();
    });
    return { path: terminal.path, exited, stop: () => terminal.stop() };
  } catch (error) {
    await device.close();
    throw error;
  }
}
