import { encodeSetup } from "./encode-setup.mjs";

/**
 * Encoding against an onnxruntime, a thread each.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {"onnxruntime-web" | "onnxruntime-node"} runtime
 * @param {{
 *   choose?: (texts: string[]) => string[],
 *   size?: "base" | "minilm",
 *   weights?: "float32" | "bfloat16" | "int8",
 *   quantize?: ((folder: string) => Promise<string>) | undefined,
 * }} options which of the texts, default all; the model's size, default MPNet-base's; Kindred's weights, default float32; what makes the other's graph
 * with 8-bit products, if that is to run
 * @returns {Promise<import("../row.mjs").Case>}
 */
export async function encodeWithOnnx(scale, runtime, { choose = (texts) => texts, size, weights, quantize } = {}) {
  const { folder, texts: all, source } = await encodeSetup(scale, 256, size);
  const texts = choose(all);
  const graph = await quantize?.(folder);
  const isExact = (weights ?? "float32") === "float32" && graph === undefined;
  return {
    case: `${texts.length} texts of ${source}${size === "minilm" ? ", MiniLM's size" : ""}`,
    ours: { contestant: "kindred-encode", setup: { folder, texts, cores: 0, weights } },
    theirs: { contestant: "onnx-encode", setup: { runtime, folder, texts, threads: 1, batchSize: 32, graph } },
    threads: 1,
    rounds: 3,
    // Vectors have length 1. A missing bias, a position off by one or a mask move entries by 1e-3 and more. What 8 bits cost is measured by `parity`.
    ...(isExact ? { tolerance: 1e-5 } : {}),
  };
}
