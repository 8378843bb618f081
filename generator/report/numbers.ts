/** Numbers as people read them. */

const GROUP = '\u202f';
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const DECIMAL_UNITS: readonly (readonly [number, string])[] = [
  [1e12, ' T'],
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
];

/** A whole number with its digits in groups of three, by a narrow space that does not break. */
export function whole(value: number): string {
  const digits = String(Math.round(value));
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, GROUP);
}

/** At most `digits` decimals, without zeros at the end. */
export function decimal(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** A size: bytes, KiB, MiB, GiB. */
export function size(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${BINARY_UNITS[unit]}`;
}

/** A large count with three digits and a decimal prefix: 6.74 G, 813 k. */
export function prefixed(value: number): string {
  const unit = DECIMAL_UNITS.find(([factor]) => value >= factor);
  if (!unit) return whole(value);
  const scaled = value / unit[0];
  return `${scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)}${unit[1]}`;
}

/** A share of 1 as a percentage. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
