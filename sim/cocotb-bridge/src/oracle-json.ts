/**
 * JSON that keeps integers exact in both languages. JavaScript numbers are exact up to 2^53 only, so larger integers
 * travel as {"$int": "decimal digits"}. Typed arrays travel as plain arrays.
 */

const TAG = '$int';

/** One line of JSON for a value with bigints and typed arrays. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return Number.isSafeInteger(Number(item)) ? Number(item) : { [TAG]: item.toString() };
    if (item instanceof Map) return Object.fromEntries(item);
    if (ArrayBuffer.isView(item) && !(item instanceof DataView))
      return Array.from(item as unknown as Iterable<unknown>);
    return item;
  });
}

/** The value of a line of JSON; tagged integers become bigints. @throws SyntaxError */
export function decode(line: string): unknown {
  return JSON.parse(line, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || !(TAG in item)) return item;
    const digits = item[TAG];
    return typeof digits === 'string' ? BigInt(digits) : item;
  });
}
