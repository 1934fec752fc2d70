import { quantizedBert, quantizedOnnx } from "../inputs/quantized-onnx.mjs";
import { encodeSetup } from "./encode-setup.mjs";
import { encodeWithOnnx } from "./encode-with-onnx.mjs";

/** @type {import("../row.mjs").Row} */
export const encodeInt8 = {
  id: "encode-int8",
  work: "encoding in 8 bits with models of MPNet-base's and MiniLM's size",
  how:
    "Texts as in `encode`, one thread each. Kindred with weights of int8 against the graph of `encode` with dynamic 8-bit products (`tools/bench/python/quantize_onnx.py`) in " +
    "onnxruntime-node; against the same graph quantised by NNCF in OpenVINO and, of MiniLM's size, against transformers.js with `q8`, both for information; against itself with weights " +
    "of float32; and against sentence-transformers on PyTorch in float32.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 0.75,
  byHand: true,
  cases: async (scale, { python: interpreter }) => {
    const python = interpreter === undefined ? {} : { python: interpreter };
    const quantize =
      interpreter === undefined ? undefined : (/** @type {string} */ folder) => quantizedOnnx(folder, interpreter);
    const options = /** @type {const} */ ({ weights: "int8", quantize });
    const base = await encodeWithOnnx(scale, "onnxruntime-node", options);
    const small = await encodeWithOnnx(scale, "onnxruntime-node", { ...options, size: "minilm" });
    const { folder, texts } = await encodeSetup(scale);
    const { folder: smallFolder } = await encodeSetup(scale, 256, "minilm");
    if (interpreter !== undefined) await quantizedBert(smallFolder, interpreter);
    const setup = { texts, threads: 1, batchSize: 32 };
    return [
      base,
      small,
      against(base, "OpenVINO", { contestant: "openvino_encode", setup: { ...setup, folder }, ...python }, null),
      against(small, "q8", { contestant: "transformers-js", setup: { ...setup, folder: smallFolder } }, null),
      against(base, "float32", { contestant: "kindred-encode", setup: { folder, texts, cores: 0 } }, 1.9),
      against(base, "PyTorch", { contestant: "pytorch_encode", setup: { ...setup, folder }, ...python }, 2.7),
    ];
  },
};

/**
 * The same work against somebody else.
 *
 * @param {import("../row.mjs").Case} comparison
 * @param {string} name
 * @param {import("../player.mjs").Side} theirs
 * @param {number | null} floor
 * @returns {import("../row.mjs").Case}
 */
function against(comparison, name, theirs, floor) {
  return { ...comparison, case: `${comparison.case}, ${name}`, theirs, floor };
}
