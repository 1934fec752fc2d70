import { encodeSetup } from "./encode-setup.mjs";

/**
 * Encoding against an onnxruntime, a thread each.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {"onnxruntime-web" | "onnxruntime-node"} runtime
 * @param {(texts: string[]) => string[]} choose which of the texts; default all
 * @returns {Promise<import("../row.mjs").Case[]>}
 */
export async function encodeWithOnnx(scale, runtime, choose = (texts) => texts) {
  const { folder, texts: all, source } = await encodeSetup(scale);
  const texts = choose(all);
  return [
    {
      case: `${texts.length} texts of ${source}`,
      ours: { contestant: "kindred-encode", setup: { folder, texts, cores: 0 } },
      theirs: { contestant: "onnx-encode", setup: { runtime, folder, texts, threads: 1, batchSize: 32 } },
      threads: 1,
      rounds: 3,
      // Vectors have length 1. A missing bias, a position off by one or a mask move entries by 1e-3 and more.
      tolerance: 1e-5,
    },
  ];
}
