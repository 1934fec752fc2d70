import { filesInMemory, type ModelFiles, readCrossEncoderFolder } from "@kindred/model-folder";
import { CrossEncoder } from "./cross-encoder.ts";
import { crossEncoderModel } from "./cross-encoder-model.ts";
import { encoderFromFolder, type FromFilesOptions } from "./sentence-encoder-from-files.ts";

/**
 * A cross-encoder from the files of its folder, in this thread. Runs in browsers.
 *
 * @throws FormatError for a folder that is not a whole cross-encoder of a known family.
 *
 * @example
 * ```ts
 * import { initialParameters, linearSpecs } from "@kindred/encoder";
 * import { distilbert } from "@kindred/distilbert";
 * import { keyFromSeed } from "@kindred/random";
 * import { crossEncoderFromFiles } from "@kindred/sentence-encoder";
 * import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
 *
 * const json = { model_type: "distilbert", vocab_size: 8, dim: 6, n_layers: 1, n_heads: 2, id2label: { 0: "relevant" } };
 * const { specs } = distilbert.open(json, { file: "config.json" });
 * const head = [...linearSpecs("pre_classifier", { out: 6, in: 6 }), ...linearSpecs("classifier", { out: 1, in: 6 })];
 * const weights = Object.entries(initialParameters([...specs, ...head], keyFromSeed(1))); // random: a toy
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const crossEncoder = await crossEncoderFromFiles({
 *   "config.json": bytes(JSON.stringify(json)),
 *   "vocab.txt": bytes("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\nsat\n##s\n"),
 *   "model.safetensors": writeSafetensors(weights.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)])),
 * });
 * const ranking = await crossEncoder.rank("cats", ["sat", "cat sat", "cats"], { topK: 2 });
 * ranking.length; // => 2
 * ```
 */
export async function crossEncoderFromFiles(files: ModelFiles, options: FromFilesOptions = {}): Promise<CrossEncoder> {
  const folder = await readCrossEncoderFolder(filesInMemory(files));
  const { labels, activation, usesTypeIds } = folder;
  const encoder = await encoderFromFolder(crossEncoderModel(folder, options.families), options);
  return new CrossEncoder(encoder, { labels, activation, usesTypeIds });
}
