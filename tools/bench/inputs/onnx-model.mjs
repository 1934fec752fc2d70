// An ONNX graph of an MPNet with mean pooling, as an exporter would write it: dynamic batch and length, weights in a file beside
// it.
import { existsSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, toFloat32 } from "@kindred/tensor-files";
import { encodeOnnx, onnxTypes } from "./onnx-schema.mjs";

const weightsFile = "weights.bin";

/** @typedef {Map<string, import("@kindred/tensor-files").NamedTensor>} Weights */

/**
 * The graph of a model folder, written into it once: `model.onnx` and `weights.bin`.
 *
 * Inputs, for sentences padded to the longest of a batch: `input_ids` and `position_ids` int64 [batch, seq]; `mask` [batch, 1, 1, seq],
 * added to scores; `pooling` [batch, 1, seq], each token's weight in its sentence's vector; `buckets` int64 [seq, seq], MPNet's bucket of
 * each distance. Output: `pooled` [batch, 1, hidden].
 *
 * @param {string} folder
 */
export async function writeOnnxModel(folder) {
  if (existsSync(join(folder, "model.onnx"))) return;
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  const { tensors } = readSafetensors(await readFile(join(folder, "model.safetensors")));
  const graph = new GraphWriter(tensors);
  writeMpnet(graph, config);
  const model = {
    ir_version: 8,
    producer_name: "kindred bench",
    opset_import: [{ domain: "", version: 17 }],
    graph: {
      name: "mpnet",
      node: graph.nodes,
      initializer: graph.initializers,
      input: [
        valueInfo("input_ids", onnxTypes.int64, ["batch", "seq"]),
        valueInfo("position_ids", onnxTypes.int64, ["batch", "seq"]),
        valueInfo("mask", onnxTypes.float, ["batch", 1, 1, "seq"]),
        valueInfo("pooling", onnxTypes.float, ["batch", 1, "seq"]),
        valueInfo("buckets", onnxTypes.int64, ["seq", "seq"]),
      ],
      output: [valueInfo("pooled", onnxTypes.float, ["batch", 1, config.hidden_size])],
    },
  };
  writeFileSync(join(folder, weightsFile), graph.weightBytes());
  writeFileSync(join(folder, "model.onnx"), await encodeOnnx(model));
}

/** @param {GraphWriter} graph @param {{ [key: string]: number }} config MPNet's config.json */
function writeMpnet(graph, config) {
  const {
    hidden_size: hiddenSize = 0,
    num_attention_heads: heads = 0,
    num_hidden_layers: numHiddenLayers = 0,
    layer_norm_eps: layerNormEps = 0,
  } = config;
  const size = hiddenSize / heads;
  const norm = (/** @type {string} */ x, /** @type {string} */ name) =>
    graph.add("LayerNormalization", [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)], {
      axis: -1,
      epsilon: { float: layerNormEps },
    });
  const linear = (/** @type {string} */ x, /** @type {string} */ name, factor = 1) =>
    graph.add("Add", [
      graph.add("MatMul", [x, graph.weight(`${name}.weight`, { transposed: true, factor })]),
      graph.weight(`${name}.bias`, { factor }),
    ]);
  const split = (/** @type {string} */ x, /** @type {number[]} */ perm) =>
    graph.add("Transpose", [graph.add("Reshape", [x, graph.shape([0, 0, heads, size])])], { perm });

  const words = graph.add("Gather", [graph.weight("embeddings.word_embeddings.weight"), "input_ids"]);
  const places = graph.add("Gather", [graph.weight("embeddings.position_embeddings.weight"), "position_ids"]);
  let x = norm(graph.add("Add", [words, places]), "embeddings.LayerNorm");
  const byDistance = graph.add("Gather", [graph.weight("encoder.relative_attention_bias.weight"), "buckets"]);
  const bias = graph.add("Add", [graph.add("Transpose", [byDistance], { perm: [2, 0, 1] }), "mask"]);

  for (let i = 0; i < numHiddenLayers; i++) {
    const prefix = `encoder.layer.${i}`;
    // The factor 1/√size is in the query's weights: an operation less.
    const q = split(linear(x, `${prefix}.attention.attn.q`, 1 / Math.sqrt(size)), [0, 2, 1, 3]);
    const k = split(linear(x, `${prefix}.attention.attn.k`), [0, 2, 3, 1]);
    const v = split(linear(x, `${prefix}.attention.attn.v`), [0, 2, 1, 3]);
    const weights = graph.add("Softmax", [graph.add("Add", [graph.add("MatMul", [q, k]), bias])], { axis: -1 });
    const mixed = graph.add("Transpose", [graph.add("MatMul", [weights, v])], { perm: [0, 2, 1, 3] });
    const joined = graph.add("Reshape", [mixed, graph.shape([0, 0, hiddenSize])]);
    const attended = norm(
      graph.add("Add", [linear(joined, `${prefix}.attention.attn.o`), x]),
      `${prefix}.attention.LayerNorm`,
    );
    const active = gelu(graph, linear(attended, `${prefix}.intermediate.dense`));
    x = norm(graph.add("Add", [linear(active, `${prefix}.output.dense`), attended]), `${prefix}.output.LayerNorm`);
  }
  graph.add("MatMul", ["pooling", x], {}, "pooled");
}

/** Exact GELU in the operations that PyTorch's exporter writes and onnxruntime fuses. @param {GraphWriter} graph @param {string} x */
function gelu(graph, x) {
  const erf = graph.add("Erf", [graph.add("Div", [x, graph.scalar(Math.SQRT2)])]);
  return graph.add("Mul", [graph.add("Mul", [x, graph.add("Add", [erf, graph.scalar(1)])]), graph.scalar(0.5)]);
}

/** Collects a graph's nodes and weights. */
class GraphWriter {
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
   * @param {{ transposed?: boolean, factor?: number }} options
   */
  weight(name, { transposed = false, factor = 1 } = {}) {
    const tensor = this.#weights.get(name);
    if (tensor === undefined) throw new Error(`onnx-model: the model has no weight ${name}.`);
    const [rows = 1, columns = 1] = tensor.shape;
    const stored = toFloat32(tensor);
    const values = transposed ? transpose(stored, rows, columns) : stored.slice();
    if (factor !== 1) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
    const external = { location: weightsFile, offset: this.#bytes, length: values.byteLength };
    this.initializers.push({
      name,
      dims: transposed ? [columns, rows] : [...tensor.shape],
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

/** @param {string} name @param {number} type @param {(string | number)[]} axes */
function valueInfo(name, type, axes) {
  const dim = axes.map((axis) => (typeof axis === "string" ? { dim_param: axis } : { dim_value: axis }));
  return { name, type: { tensor_type: { elem_type: type, shape: { dim } } } };
}
