/** Body of a thread of the row pool, which `row-pool.ts` starts. */

import { workerData } from 'node:worker_threads';
import { quantizeRows, type RowsJob } from '../quantize-linear.js';
import type { RowAnswer, RowThreadData } from './row-pool.js';

const { port, answers } = workerData as RowThreadData;

port.on('message', (job: RowsJob) => {
  let answer: RowAnswer;
  try {
    answer = { result: quantizeRows(job) };
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
});
