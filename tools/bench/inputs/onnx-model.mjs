// An ONNX graph of an MPNet or BERT with mean pooling, as an exporter would write it: dynamic batch and length, weights in a file
// beside it.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readSafetensors } from "@kindred/tensor-files";
import { GraphWriter, weightsFile } from "./onnx-graph-writer.mjs";
import { encodeOnnx, onnxTypes } from "./onnx-schema.mjs";

/**
 * The graph of a model folder, written into it once: `model.onnx` and `weights.bin`.
 *
 * Inputs, for sentences padded to the longest of a batch: `input_ids` and `position_ids` int64 [batch, seq]; `mask` [batch, 1, 1, seq],
 * added to scores; `pooling` [batch, 1, seq], each token's weight in its sentence's vector; of an MPNet `buckets` int64 [seq, seq], the bucket of
 * each distance. Output: `pooled` [batch, 1, hidden].
 *
 * @param {string} folder
 */
export async function writeOnnxModel(folder) {
  await writeGraph(folder, "model.onnx", (graph, config) => {
    const names = config["model_type"] === "bert" ? bertNames : mpnetNames;
    const x = writePostNorm(graph, config, { names, positions: "position_ids", mask: "mask" });
    graph.add("MatMul", ["pooling", x], {}, "pooled");
    return {
      input: [
        valueInfo("input_ids", onnxTypes.int64, ["batch", "seq"]),
        valueInfo("position_ids", onnxTypes.int64, ["batch", "seq"]),
        valueInfo("mask", onnxTypes.float, ["batch", 1, 1, "seq"]),
        valueInfo("pooling", onnxTypes.float, ["batch", 1, "seq"]),
        ...(names === mpnetNames ? [valueInfo("buckets", onnxTypes.int64, ["seq", "seq"])] : []),
      ],
      output: [valueInfo("pooled", onnxTypes.float, ["batch", 1, Number(config["hidden_size"])])],
    };
  });
}

/**
 * The graph of a BERT's folder with the inputs and the output that exporters give it, `input_ids`, `attention_mask` and `last_hidden_state`, as
 * transformers.js looks for it: `onnx/model.onnx`.
 *
 * @param {string} folder
 */
export async function writeExportedBert(folder) {
  await writeGraph(folder, join("onnx", "model.onnx"), (graph, config) => {
    const length = graph.add("Gather", [graph.add("Shape", ["input_ids"]), graph.integer(1)]);
    const positions = graph.add("Range", [graph.integer(0), length, graph.integer(1)]);
    const attended = graph.add("Cast", ["attention_mask"], { to: onnxTypes.float });
    const added = graph.add("Mul", [graph.add("Sub", [graph.scalar(1), attended]), graph.scalar(-1e9)]);
    const mask = graph.add("Reshape", [added, graph.shape([0, 1, 1, -1])]);
    const x = writePostNorm(graph, config, { names: bertNames, positions, mask });
    graph.add("Identity", [x], {}, "last_hidden_state");
    return {
      input: ["input_ids", "attention_mask"].map((name) => valueInfo(name, onnxTypes.int64, ["batch", "seq"])),
      output: [valueInfo("last_hidden_state", onnxTypes.float, ["batch", "seq", Number(config["hidden_size"])])],
    };
  });
}

/** @typedef {{ [key: string]: string | number }} Config config.json */

/**
 * Writes a graph and its weights once.
 *
 * @param {string} folder
 * @param {string} name of the graph's file in it
 * @param {(graph: GraphWriter, config: Config) => { input: object[], output: object[] }} write
 */
async function writeGraph(folder, name, write) {
  const file = join(folder, name);
  if (existsSync(file)) return;
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  const { tensors } = readSafetensors(await readFile(join(folder, "model.safetensors")));
  const graph = new GraphWriter(tensors);
  const ends = write(graph, config);
  const model = {
    ir_version: 8,
    producer_name: "kindred bench",
    opset_import: [{ domain: "", version: 17 }],
    graph: { name: config.model_type, node: graph.nodes, initializer: graph.initializers, ...ends },
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(join(dirname(file), weightsFile), graph.weightBytes());
  writeFileSync(file, await encodeOnnx(model));
}

/** What a family calls the parts of a layer, and whether it has a bias of distances or token types. */
const mpnetNames = {
  ...{ q: "attention.attn.q", k: "attention.attn.k", v: "attention.attn.v", o: "attention.attn.o" },
  ...{ norm: "attention.LayerNorm", distances: true },
};
const bertNames = {
  ...{ q: "attention.self.query", k: "attention.self.key", v: "attention.self.value", o: "attention.output.dense" },
  ...{ norm: "attention.output.LayerNorm", distances: false },
};

/**
 * All layers, from the inputs to the hidden states of the last one, whose name it gives.
 *
 * @param {GraphWriter} graph
 * @param {Config} config
 * @param {{ names: typeof mpnetNames, positions: string, mask: string }} inputs
 */
function writePostNorm(graph, config, { names, positions, mask }) {
  const [hiddenSize = 0, heads = 0, numHiddenLayers = 0, layerNormEps = 0] = [
    ...["hidden_size", "num_attention_heads", "num_hidden_layers", "layer_norm_eps"].map((key) => Number(config[key])),
  ];
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
  const places = graph.add("Gather", [graph.weight("embeddings.position_embeddings.weight"), positions]);
  const placed = graph.add("Add", [words, places]);
  const embedded = names.distances
    ? placed
    : graph.add("Add", [placed, graph.weight("embeddings.token_type_embeddings.weight", { row: 0 })]);
  let x = norm(embedded, "embeddings.LayerNorm");
  const bias = names.distances ? distanceBias(graph, mask) : mask;

  for (let i = 0; i < numHiddenLayers; i++) {
    const prefix = `encoder.layer.${i}`;
    // The factor 1/√size is in the query's weights: an operation less.
    const q = split(linear(x, `${prefix}.${names.q}`, 1 / Math.sqrt(size)), [0, 2, 1, 3]);
    const k = split(linear(x, `${prefix}.${names.k}`), [0, 2, 3, 1]);
    const v = split(linear(x, `${prefix}.${names.v}`), [0, 2, 1, 3]);
    const weights = graph.add("Softmax", [graph.add("Add", [graph.add("MatMul", [q, k]), bias])], { axis: -1 });
    const mixed = graph.add("Transpose", [graph.add("MatMul", [weights, v])], { perm: [0, 2, 1, 3] });
    const joined = graph.add("Reshape", [mixed, graph.shape([0, 0, hiddenSize])]);
    const attended = norm(graph.add("Add", [linear(joined, `${prefix}.${names.o}`), x]), `${prefix}.${names.norm}`);
    const active = gelu(graph, linear(attended, `${prefix}.intermediate.dense`));
    x = norm(graph.add("Add", [linear(active, `${prefix}.output.dense`), attended]), `${prefix}.output.LayerNorm`);
  }
  return x;
}

/** MPNet's bias of each distance, and the mask. @param {GraphWriter} graph @param {string} mask */
function distanceBias(graph, mask) {
  const byDistance = graph.add("Gather", [graph.weight("encoder.relative_attention_bias.weight"), "buckets"]);
  return graph.add("Add", [graph.add("Transpose", [byDistance], { perm: [2, 0, 1] }), mask]);
}

/** Exact GELU in the operations that PyTorch's exporter writes and onnxruntime fuses. @param {GraphWriter} graph @param {string} x */
function gelu(graph, x) {
  const erf = graph.add("Erf", [graph.add("Div", [x, graph.scalar(Math.SQRT2)])]);
  return graph.add("Mul", [graph.add("Mul", [x, graph.add("Add", [erf, graph.scalar(1)])]), graph.scalar(0.5)]);
}

/** @param {string} name @param {number} type @param {(string | number)[]} axes */
function valueInfo(name, type, axes) {
  const dim = axes.map((axis) => (typeof axis === "string" ? { dim_param: axis } : { dim_value: axis }));
  return { name, type: { tensor_type: { elem_type: type, shape: { dim } } } };
}
