import { encodeWithOnnx } from "./encode-with-onnx.mjs";

/** @type {import("../row.mjs").Row} */
export const encodeNative = {
  id: "encode-native",
  work: "encoding with a model of MPNet-base's size, against onnxruntime-node",
  how: "As `encode`, against onnxruntime's native code on one thread.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 1,
  cases: async (scale) => [
    await encodeWithOnnx(scale, "onnxruntime-node"),
    { ...(await encodeWithOnnx(scale, "onnxruntime-node", { size: "minilm" })), floor: null },
  ],
};
