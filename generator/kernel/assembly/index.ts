/** What the WebAssembly module exports. */

export { configure, frameAt, metricAt, prepare, resultAt, rowStride, scalesAt, targetAt } from './block';
export * from './multiply';
export * from './search';
export * from './softmax';
