import type { DeviceError } from '../../../firmware/transport/errors.js';
import { Harness, type HarnessOptions } from '../../harness/node/harness.js';
import type { LineDevice } from '../line.js';

/** The simulated accelerator at the end of a line. */
export class SimulatedDevice implements LineDevice {
  readonly #executable: string;
  readonly #clockHz: number;
  #harness: Harness;
  #nonce: number;
  #end: DeviceError | null = null;
  #fail: (error: DeviceError) => void = () => undefined;

  /**
   * @param executable a compiled simulator
   * @param clockHz clock of the accelerator: what it does takes its cycles
   * @param options of the first start; the boot nonce is another one after each reset
   */
  constructor(executable: string, clockHz: number, { nonce = 1, ...options }: HarnessOptions = {}) {
    this.#executable = executable;
    this.#clockHz = clockHz;
    this.#nonce = nonce;
    this.#harness = this.#start(options);
  }

  /** @throws DeviceError if the simulator ends by itself */
  receive(bytes: Uint8Array): Promise<{ bytes: Uint8Array; milliseconds: number }> {
    const before = this.#harness.counts.cycles;
    return this.#unlessEnded((resolve) => {
      void this.#harness.send(bytes, (answer) => {
        const cycles = this.#harness.counts.cycles - before;
        resolve({ bytes: answer, milliseconds: (1000 * cycles) / this.#clockHz });
      });
    });
  }

  /** A memory that is lost is that of a new simulator. */
  async reset(memory: 'kept' | 'lost'): Promise<void> {
    this.#nonce++;
    if (memory === 'kept') {
      await this.#unlessEnded<void>((resolve) => void this.#harness.reset().then(resolve));
    } else {
      await this.#harness.close();
      this.#harness = this.#start();
    }
  }

  close(): Promise<void> {
    return this.#harness.close();
  }

  #start(options: HarnessOptions = {}): Harness {
    return new Harness(this.#executable, { ...options, nonce: this.#nonce }, (error) => {
      if (error === null) return;
      this.#end = error;
      this.#fail(error);
    });
  }

  #unlessEnded<T>(work: (resolve: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      this.#fail = reject;
      work(resolve);
    });
  }
}
