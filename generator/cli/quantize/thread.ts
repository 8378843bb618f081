/** Body of the quantizing thread, which `run-job.ts` starts. */

import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openModel } from '../../model/node/open-model.js';
import { shortened } from '../../model/shorten.js';
import { canonicalPlan } from '../../plan/hash.js';
import { Checkpoint } from '../../quantize/node/checkpoint.js';
import { quantizeToImage } from '../../quantize/node/quantize-to-image.js';
import { RowPool } from '../../quantize/node/row-pool.js';
import { VERSION } from '../../version.js';
import type { QuantizeJob, QuantizeMessage } from './job.js';

const { model, output, plan, options, threads } = workerData as QuantizeJob;
const say = (message: QuantizeMessage): void => parentPort!.postMessage(message);
const source = shortened(openModel(model), plan.model.context);
const pool = new RowPool(threads);
try {
  const checkpoint = new Checkpoint(output, jobKey(workerData as QuantizeJob), plan.linears);
  if (checkpoint.finished > 0) say({ kind: 'resumed', finished: checkpoint.finished });
  const result = quantizeToImage(
    source,
    plan,
    output,
    {
      ...options,
      quantizeRows: pool.quantizeRows,
      onProgress: ({ activity, done }) => say({ kind: 'progress', activity, index: done }),
    },
    (index, _, snrDb) => say({ kind: 'linear', index, snrDb }),
    checkpoint,
  );
  say({ kind: 'result', result });
} finally {
  source.close();
  await pool.close();
}

/** Everything that the image depends on, the model's files by their size and time. */
function jobKey({ model, plan, options }: QuantizeJob): string {
  const files = statSync(model).isDirectory() ? readdirSync(model).sort() : [''];
  const stamps = files.map((name) => {
    const { size, mtimeMs } = statSync(join(model, name));
    return [name, size, mtimeMs];
  });
  return createHash('sha256')
    .update(JSON.stringify([VERSION, canonicalPlan(plan), options, stamps]))
    .digest('hex');
}
