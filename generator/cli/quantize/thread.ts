/** Body of the quantizing thread, which `run-job.ts` starts. */

import { parentPort, workerData } from 'node:worker_threads';
import { openModel } from '../../model/node/open-model.js';
import { quantizeToImage } from '../../quantize/node/quantize-to-image.js';
import type { QuantizeJob, QuantizeMessage } from './job.js';

const { model, output, plan, options } = workerData as QuantizeJob;
const say = (message: QuantizeMessage): void => parentPort!.postMessage(message);
const source = openModel(model);
try {
  const result = quantizeToImage(
    source,
    plan,
    output,
    { ...options, onProgress: ({ activity, done }) => say({ kind: 'progress', activity, index: done }) },
    (index, _, snrDb) => say({ kind: 'linear', index, snrDb }),
  );
  say({ kind: 'result', result });
} finally {
  source.close();
}
