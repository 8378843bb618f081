/**
 * Inner products of many rows with many vectors, in AssemblyScript: output[t][r] = Σ_c weights[r][c] · input[t][c] in
 * float32, each sum in four parts (columns modulo four).
 */

/**
 * @param weights address of rows × stride values, of which `stride` is a multiple of four
 * @param rows a multiple of two
 * @param input address of tokens × stride values
 * @param tokens a multiple of four
 * @param output address of tokens × rows values
 */
export function multiply(weights: usize, rows: i32, stride: i32, input: usize, tokens: i32, output: usize): void {
  const step = (<usize>stride) << 2;
  const outputStep = (<usize>rows) << 2;
  // Two rows by four tokens: six loads feed eight products.
  for (let t = 0; t < tokens; t += 4) {
    const x0 = input + <usize>t * step;
    const x1 = x0 + step;
    const x2 = x1 + step;
    const x3 = x2 + step;
    for (let r = 0; r < rows; r += 2) {
      const w0 = weights + <usize>r * step;
      const w1 = w0 + step;
      let s00 = f32x4.splat(0);
      let s01 = f32x4.splat(0);
      let s02 = f32x4.splat(0);
      let s03 = f32x4.splat(0);
      let s10 = f32x4.splat(0);
      let s11 = f32x4.splat(0);
      let s12 = f32x4.splat(0);
      let s13 = f32x4.splat(0);
      for (let c: usize = 0; c < step; c += 16) {
        const u = v128.load(w0 + c);
        const v = v128.load(w1 + c);
        const a0 = v128.load(x0 + c);
        const a1 = v128.load(x1 + c);
        const a2 = v128.load(x2 + c);
        const a3 = v128.load(x3 + c);
        s00 = f32x4.add(s00, f32x4.mul(u, a0));
        s01 = f32x4.add(s01, f32x4.mul(u, a1));
        s02 = f32x4.add(s02, f32x4.mul(u, a2));
        s03 = f32x4.add(s03, f32x4.mul(u, a3));
        s10 = f32x4.add(s10, f32x4.mul(v, a0));
        s11 = f32x4.add(s11, f32x4.mul(v, a1));
        s12 = f32x4.add(s12, f32x4.mul(v, a2));
        s13 = f32x4.add(s13, f32x4.mul(v, a3));
      }
      const y0 = output + <usize>t * outputStep + ((<usize>r) << 2);
      const y1 = y0 + outputStep;
      const y2 = y1 + outputStep;
      const y3 = y2 + outputStep;
      store<f32>(y0, sum(s00));
      store<f32>(y0, sum(s10), 4);
      store<f32>(y1, sum(s01));
      store<f32>(y1, sum(s11), 4);
      store<f32>(y2, sum(s02));
      store<f32>(y2, sum(s12), 4);
      store<f32>(y3, sum(s03));
      store<f32>(y3, sum(s13), 4);
    }
  }
}

// @ts-expect-error: decorator
@inline
function sum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The first address that the module does not use itself. */
export function firstFree(): usize {
  return (__heap_base + 15) & ~15;
}
