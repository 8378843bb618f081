/** Softmax of rows of scores in float32, in AssemblyScript. */

const LOG2_E: f32 = 1.44269504;
/** ln 2 in two parts, the first with few enough bits that its products with small integers are exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -0.000212194440;
/** Below this, e^x is 0 in float32. */
const LEAST: f32 = -87;

/** e^x for four x ≤ 0, to 2 units in the last place. */
// @ts-ignore: decorator
@inline
function exponential(x: v128): v128 {
  const clamped = f32x4.max(x, f32x4.splat(LEAST));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(LOG2_E)));
  const high = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  // The series of e^r for |r| ≤ ½ ln 2, from its seventh term back.
  let sum = f32x4.splat(1.0 / 720.0);
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.0 / 120.0));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.0 / 24.0));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.0 / 6.0));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(0.5));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  const result = f32x4.mul(sum, power);
  return v128.bitselect(result, f32x4.splat(0), f32x4.gt(x, f32x4.splat(LEAST)));
}

/**
 * Turns the first values of each row into weights whose sum is 1, and the others into 0: of row r, the first
 * `visible` + r values count.
 *
 * @param scores address of rows × stride values, `stride` being a multiple of four
 */
export function softmax(scores: usize, rows: i32, stride: i32, visible: i32): void {
  for (let r = 0; r < rows; r++) {
    const row = scores + (<usize>(r * stride) << 2);
    const count = visible + r;
    const bytes = (<usize>((count + 3) & ~3)) << 2;
    // What is beyond the last value of the last vector must not count.
    for (let i = count; i < ((count + 3) & ~3); i++) store<f32>(row + ((<usize>i) << 2), -Infinity);
    let most = f32x4.splat(-Infinity);
    for (let i: usize = 0; i < bytes; i += 16) most = f32x4.max(most, v128.load(row + i));
    const max = f32x4.splat(
      Mathf.max(
        Mathf.max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
        Mathf.max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
      ),
    );
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const weight = exponential(f32x4.sub(v128.load(row + i), max));
      v128.store(row + i, weight);
      sums = f32x4.add(sums, weight);
    }
    const total =
      f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
    const factor = f32x4.splat(1 / total);
    for (let i: usize = 0; i < bytes; i += 16) v128.store(row + i, f32x4.mul(v128.load(row + i), factor));
    memory.fill(row + bytes, 0, ((<usize>stride) << 2) - bytes);
  }
}
