import type { LinearRole } from './types.js';

/** A layer of at most this many weights is kept in memory as a whole: 256 MiB of float32. */
const KEPT_VALUES = 1 << 26;

/**
 * The weight matrices of a layer, each read when it is first asked for. Of a large layer only the last one is kept, so
 * that the memory needed is that of one linear.
 */
export class LayerWeights implements ReadonlyMap<LinearRole, Float32Array> {
  readonly #roles: readonly LinearRole[];
  readonly #read: (role: LinearRole) => Float32Array;
  readonly #keepAll: boolean;
  readonly #kept = new Map<LinearRole, Float32Array>();

  /**
   * @param values number of weights of the layer
   * @param read reads a matrix: rows × cols values
   */
  constructor(roles: readonly LinearRole[], values: number, read: (role: LinearRole) => Float32Array) {
    this.#roles = roles;
    this.#read = read;
    this.#keepAll = values <= KEPT_VALUES;
  }

  get size(): number {
    return this.#roles.length;
  }

  has(role: LinearRole): boolean {
    return this.#roles.includes(role);
  }

  get(role: LinearRole): Float32Array | undefined {
    if (!this.has(role)) return undefined;
    let weights = this.#kept.get(role);
    if (weights === undefined) {
      // Let go of the one before it is too late to make room for this one.
      if (!this.#keepAll) this.#kept.clear();
      weights = this.#read(role);
      this.#kept.set(role, weights);
    }
    return weights;
  }

  /** Lets go of the matrix of a large layer that was kept, where another will be at work for long. */
  release(): void {
    if (!this.#keepAll) this.#kept.clear();
  }

  /** Has a matrix read again when it is next asked for. */
  forget(role: LinearRole): void {
    this.#kept.delete(role);
  }

  keys(): MapIterator<LinearRole> {
    return this.#roles.values();
  }

  *values(): MapIterator<Float32Array> {
    for (const role of this.#roles) yield this.get(role)!;
  }

  *entries(): MapIterator<[LinearRole, Float32Array]> {
    for (const role of this.#roles) yield [role, this.get(role)!];
  }

  [Symbol.iterator](): MapIterator<[LinearRole, Float32Array]> {
    return this.entries();
  }

  forEach(action: (weights: Float32Array, role: LinearRole, map: ReadonlyMap<LinearRole, Float32Array>) => void): void {
    for (const [role, weights] of this) action(weights, role, this);
  }
}
