import { encodeWithOnnx } from "./encode-with-onnx.mjs";

/** @type {import("../row.mjs").Row} */
export const encodeOne = {
  id: "encode-one",
  work: "encoding one sentence at a time with a model of MPNet-base's size, as for a query",
  how:
    "As `encode`, but a call is one sentence, of twelve words. Each call reads all 340 MB of weights once; Kindred's encoder keeps them as its product " +
    "reads them. For information, but for weights of 8 bits, of which a call reads a quarter.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 1,
  cases: async (scale) => {
    const cases = [];
    for (const [runtime, weights, floor] of comparisons) {
      const comparison = await encodeWithOnnx(scale, runtime, { choose: oneSentence, weights });
      const rounds = scale === "quick" ? 3 : 31;
      const name = weights === "float32" ? runtime : `${weights}, ${runtime}`;
      cases.push({ ...comparison, case: `one sentence, ${name}`, rounds, floor });
    }
    return cases;
  },
};

const comparisons = /** @type {const} */ ([
  ["onnxruntime-web", "float32", null],
  ["onnxruntime-node", "float32", null],
  ["onnxruntime-node", "bfloat16", null],
  ["onnxruntime-node", "int8", 1.15],
]);

/** @param {string[]} texts */
function oneSentence(texts) {
  return [texts.find((text) => text.split(" ").length === 12) ?? "A cat sat on the mat."];
}
