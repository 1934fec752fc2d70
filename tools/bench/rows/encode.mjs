import { encodeWithOnnx } from "./encode-with-onnx.mjs";

/** @type {import("../row.mjs").Row} */
export const encode = {
  id: "encode",
  work: "encoding with a model of MPNet-base's size, against onnxruntime-web",
  how:
    "Texts of natural lengths to normalised vectors. Both count real tokens, `<s>` and `</s>` included; Kindred packs them, onnxruntime runs an ONNX graph " +
    "of the same weights on batches of 32 sorted by length and padded to the longest. The vectors of both agree to 1e-5 before anything is timed.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 3,
  cases: async (scale) => [
    await encodeWithOnnx(scale, "onnxruntime-web"),
    { ...(await encodeWithOnnx(scale, "onnxruntime-web", { size: "minilm" })), floor: null },
  ],
};
