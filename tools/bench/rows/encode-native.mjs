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
  bound:
    "instructions of 512 bits. On an EPYC of the fifth generation, whose units are that wide, onnxruntime's 1,000 tokens/s are 170 GFLOP/s " +
    "(a token of MPNet-base takes 0.17 GFLOP), and WebAssembly has no wider ones than the 256 bits that V8 pairs: Kindred's 700 tokens/s are 119 GFLOP/s, where its product alone reaches 124. " +
    "On the generation before, which does the work of 512 bits in two halves, it was 590 against 477 tokens/s (1.24). With weights of int8 Kindred encodes 2,245 tokens/s (`encode-int8`).",
  cases: async (scale) => [
    await encodeWithOnnx(scale, "onnxruntime-node"),
    { ...(await encodeWithOnnx(scale, "onnxruntime-node", { size: "minilm" })), floor: null },
  ],
};
