import { encodeWithOnnx } from "./encode-with-onnx.mjs";

/** @type {import("../row.mjs").Row} */
export const encodeOne = {
  id: "encode-one",
  work: "encoding one sentence at a time with a model of MPNet-base's size, as for a query",
  how:
    "As `encode`, but a call is one sentence, of twelve words. Each call reads all 340 MB of weights once; Kindred's encoder keeps them as its product " +
    "reads them. For information.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 1,
  cases: async (scale) => {
    const cases = [];
    for (const runtime of /** @type {const} */ (["onnxruntime-web", "onnxruntime-node"])) {
      const [comparison] = await encodeWithOnnx(scale, runtime, oneSentence);
      const rounds = scale === "quick" ? 3 : 31;
      if (comparison) cases.push({ ...comparison, case: `one sentence, ${runtime}`, rounds, floor: null });
    }
    return cases;
  },
};

/** @param {string[]} texts */
function oneSentence(texts) {
  return [texts.find((text) => text.split(" ").length === 12) ?? "A cat sat on the mat."];
}
