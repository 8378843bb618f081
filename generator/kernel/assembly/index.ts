/** What the WebAssembly module exports. */

export * from './multiply';
export * from './search';
export * from './softmax';
