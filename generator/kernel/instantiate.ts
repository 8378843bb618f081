import { MODULE } from './module.js';

let compiled: WebAssembly.Module | null = null;

/** An instance of assembly/index.ts with a memory of its own. */
export function instantiate<Exports>(): Exports {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(MODULE), (character) => character.charCodeAt(0)));
  return new WebAssembly.Instance(compiled, {}).exports as Exports;
}
