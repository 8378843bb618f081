import { instantiate } from './instantiate.js';

/** The functions of assembly/softmax.ts; addresses are byte offsets into the memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  softmax(scores: number, rows: number, stride: number, visible: number): void;
  firstFree(): number;
}

const PAGE = 65536;

let kernel: Exports | null = null;

/**
 * In place, softmax of the first `visible` + r values of row r; the values behind them become 0. In float32, to a few
 * units in the last place, the same on every platform.
 *
 * @param scores rows × cols
 */
export function softmaxRows(scores: Float32Array, rows: number, cols: number, visible: number): void {
  kernel ??= instantiate<Exports>();
  const at = kernel.firstFree();
  const stride = (cols + 3) & ~3;
  const missing = Math.ceil((at + 4 * rows * stride - kernel.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernel.memory.grow(missing);
  const memory = new Float32Array(kernel.memory.buffer, at, rows * stride);
  for (let r = 0; r < rows; r++) memory.set(scores.subarray(r * cols, (r + 1) * cols), r * stride);
  kernel.softmax(at, rows, stride, visible);
  for (let r = 0; r < rows; r++) scores.set(memory.subarray(r * stride, r * stride + cols), r * cols);
}
