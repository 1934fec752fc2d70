import { toFloat32 } from "@kindred/tensor-files";
import { onnxTypes } from "./onnx-schema.mjs";

/** The file of the weights, beside the graph. */
export const weightsFile = "weights.bin";

/** @typedef {Map<string, import("@kindred/tensor-files").NamedTensor>} Weights */

/** Collects a graph's nodes and weights. */
export class GraphWriter {
  /** @type {object[]} */ nodes = [];
  /** @type {object[]} */ initializers = [];
  /** @type {Float32Array[]} */ #values = [];
  #bytes = 0;
  #weights;

  /** @param {Weights} weights */
  constructor(weights) {
    this.#weights = weights;
  }

  /**
   * Adds an operation and gives the name of its result.
   *
   * @param {string} operation
   * @param {string[]} input
   * @param {Record<string, number | number[] | { float: number }>} attributes
   */
  add(operation, input, attributes = {}, output = `${operation}_${this.nodes.length}`) {
    const attribute = Object.entries(attributes).map(([name, value]) => {
      if (Array.isArray(value)) return { name, ints: value, type: onnxTypes.attributeInts };
      if (typeof value === "number") return { name, i: value, type: onnxTypes.attributeInt };
      return { name, f: value.float, type: onnxTypes.attributeFloat };
    });
    this.nodes.push({ name: output, op_type: operation, input, output: [output], attribute });
    return output;
  }

  /**
   * A weight of the model, kept in the file beside the graph.
   *
   * @param {string} name
   * @param {{ transposed?: boolean, factor?: number, row?: number }} options `row`: that one alone
   */
  weight(name, { transposed = false, factor = 1, row } = {}) {
    const tensor = this.#weights.get(name);
    if (tensor === undefined) throw new Error(`onnx-model: the model has no weight ${name}.`);
    const [rows = 1, columns = 1] = tensor.shape;
    const all = toFloat32(tensor);
    const stored = row === undefined ? all : all.subarray(row * columns, (row + 1) * columns);
    const values = transposed ? transpose(stored, rows, columns) : stored.slice();
    if (factor !== 1) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
    const external = { location: weightsFile, offset: this.#bytes, length: values.byteLength };
    this.initializers.push({
      name,
      dims: transposed ? [columns, rows] : row === undefined ? [...tensor.shape] : [columns],
      data_type: onnxTypes.float,
      data_location: onnxTypes.external,
      external_data: Object.entries(external).map(([key, value]) => ({ key, value: `${value}` })),
    });
    this.#values.push(values);
    this.#bytes += values.byteLength;
    return name;
  }

  /** A shape that Reshape takes. @param {number[]} sizes */
  shape(sizes) {
    return this.#constant(
      `shape_${sizes.join("_")}`,
      [sizes.length],
      onnxTypes.int64,
      BigInt64Array.from(sizes.map(BigInt)),
    );
  }

  /** @param {number} value */
  scalar(value) {
    return this.#constant(`scalar_${value}`, [], onnxTypes.float, Float32Array.of(value));
  }

  /** @param {number} value */
  integer(value) {
    return this.#constant(`integer_${value}`, [], onnxTypes.int64, BigInt64Array.of(BigInt(value)));
  }

  weightBytes() {
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const values of this.#values) {
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
      at += values.byteLength;
    }
    return bytes;
  }

  /**
   * @param {string} name
   * @param {number[]} dims
   * @param {number} type
   * @param {Float32Array | BigInt64Array} values
   */
  #constant(name, dims, type, values) {
    const known = this.initializers.some((initializer) => /** @type {{ name: string }} */ (initializer).name === name);
    if (!known) this.initializers.push({ name, dims, data_type: type, raw_data: new Uint8Array(values.buffer) });
    return name;
  }
}

/** @param {Float32Array} values @param {number} rows @param {number} columns */
function transpose(values, rows, columns) {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return turned;
}
