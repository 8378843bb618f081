/** Vectors of float32: eight values at a time, from whole vectors on. */

// @ts-expect-error: decorator
@inline
export function value(array: usize, index: i32): f32 {
  return load<f32>(array + ((<usize>index) << 2));
}

// @ts-expect-error: decorator
@inline
export function put(array: usize, index: i32, x: f32): void {
  store<f32>(array + ((<usize>index) << 2), x);
}

// @ts-expect-error: decorator
@inline
export function total(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Inner product; the vectors begin at whole vectors, `count` is a multiple of eight. */
// @ts-expect-error: decorator
@inline
export function dot(a: usize, b: usize, count: i32): f32 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(a + i, 16), v128.load(b + i, 16)));
  }
  return total(f32x4.add(even, odd));
}

/** y ← y + x · factor */
// @ts-expect-error: decorator
@inline
export function addTo(y: usize, x: usize, times: f32, count: i32): void {
  const f = f32x4.splat(times);
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 32) {
    v128.store(y + i, f32x4.add(v128.load(y + i), f32x4.mul(v128.load(x + i), f)));
    v128.store(y + i, f32x4.add(v128.load(y + i, 16), f32x4.mul(v128.load(x + i, 16), f)), 16);
  }
}

