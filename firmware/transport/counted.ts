import type { Transport, TransportListener } from './transport.js';

/** A transport that counts what passes it. */
export class CountedTransport implements Transport {
  readonly name: string;
  readonly lossless?: boolean;
  readonly bytesPerSecond?: number;
  readonly clock?: NonNullable<Transport['clock']>;
  readonly #transport: Transport;
  /** Bytes in both directions. */
  bytes = 0;

  constructor(transport: Transport) {
    const { name, lossless, bytesPerSecond, clock } = transport;
    this.name = name;
    if (lossless !== undefined) this.lossless = lossless;
    if (bytesPerSecond !== undefined) this.bytesPerSecond = bytesPerSecond;
    if (clock !== undefined) this.clock = clock;
    this.#transport = transport;
  }

  start(listener: TransportListener): void {
    this.#transport.start({
      data: (bytes) => {
        this.bytes += bytes.length;
        listener.data(bytes);
      },
      closed: (error) => listener.closed(error),
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    this.bytes += bytes.length;
    return this.#transport.write(bytes);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
