/** The parameter memory's contents. Layout: docs/decoder.md, "Parameter memory". */

import { type Int8Matrix, type IntegerModel, type IntegerNorm, RESIDUAL_FRAC } from '../../sim/golden/parameters.js';
import { InputError } from '../errors.js';
import { type Machine, type MatrixPlace, matrixStride, normBias, normWeights } from './machine.js';
import { LEAST_SHIFT, MOST_SHIFT } from './vector.js';

/**
 * All bytes of the parameter memory. What no parameter takes is 0.
 *
 * @throws InputError if the vector unit has not the shift that a norm needs
 */
export function parameterImage(model: IntegerModel, machine: Machine): Uint8Array {
  const { config, parameters, layerLinears } = machine;
  const image = new Image(machine);
  model.layers.forEach(({ attnNorm, mlpNorm }, layer) => {
    const base = layer * parameters.layerStride;
    image.norm(base + parameters.attnNorm, attnNorm);
    image.norm(base + parameters.mlpNorm, mlpNorm);
    layerLinears.forEach(({ role }, i) => {
      const bias = model.biases[layer * layerLinears.length + i];
      if (bias) image.integers(base + parameters.biases.get(role)!, bias);
    });
  });
  if (model.finalNorm) image.norm(parameters.finalNorm!, model.finalNorm);
  image.matrix(parameters.embedding, model.embedding);
  if (model.positions) image.matrix(parameters.positions!, model.positions);
  if (model.projectIn) image.matrix(parameters.projectIn!, model.projectIn);
  if (model.projectOut) image.matrix(parameters.projectOut!, model.projectOut);
  if (model.head && !config.tiedHead) image.matrix(parameters.head!, model.head);
  return image.bytes;
}

class Image {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(private readonly machine: Machine) {
    this.bytes = new Uint8Array(machine.parameters.bytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  norm(at: number, { shift, frac, weight, bias }: IntegerNorm): void {
    if (shift < LEAST_SHIFT || shift > MOST_SHIFT) {
      throw new InputError(`the decoder cannot be put on the device: a norm's weights want a shift by ${shift}`);
    }
    this.#view.setInt8(at, shift);
    this.#view.setInt8(at + 1, frac - RESIDUAL_FRAC);
    const weights = normWeights(at, this.machine.widths);
    weight.forEach((value, i) => {
      this.#view.setInt16(weights + 2 * i, value, true);
    });
    if (bias) this.integers(normBias(at, this.machine), bias);
  }

  integers(at: number, values: Int32Array): void {
    values.forEach((value, i) => {
      this.#view.setInt32(at + 4 * i, value, true);
    });
  }

  matrix(place: MatrixPlace, { rows, cols, values, scales }: Int8Matrix): void {
    const stride = matrixStride(place, this.machine.widths);
    for (let row = 0; row < rows; row++) {
      this.bytes.set(new Uint8Array(values.slice(row * cols, (row + 1) * cols).buffer), place.values + row * stride);
      this.#view.setUint16(place.scales + 2 * row, scales[row]!, true);
    }
  }
}
