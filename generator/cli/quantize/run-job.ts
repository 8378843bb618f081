import { Worker } from 'node:worker_threads';
import { InputError } from '../../errors.js';
import { removePartial } from '../../node/atomic-file.js';
import type { ImageResult } from '../../quantize/node/quantize-to-image.js';
import type { QuantizeJob, QuantizeMessage } from './job.js';

/**
 * Quantizes in a thread of its own, so that the main one stays free for Ctrl-C and for showing progress. The file
 * appears when it is complete; nothing stays of a job that is aborted.
 *
 * @throws InputError if a tensor or the file fails; the reason of `signal`
 */
export async function runQuantizeJob(
  job: QuantizeJob,
  onMessage: (message: Exclude<QuantizeMessage, { kind: 'result' }>) => void,
  signal: AbortSignal,
): Promise<ImageResult> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: job });
  try {
    return await new Promise<ImageResult>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      worker.on('message', (message: QuantizeMessage) => {
        if (message.kind === 'result') resolve(message.result);
        else onMessage(message);
      });
      // Errors lose their class on the way between threads.
      worker.once('error', (error: Error) =>
        reject(error.name === 'InputError' ? new InputError(error.message, { cause: error }) : error),
      );
    });
  } finally {
    await worker.terminate();
    removePartial(job.output);
  }
}
