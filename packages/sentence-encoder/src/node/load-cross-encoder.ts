import { openCrossEncoderFolder } from "@kindred/model-folder/node";
import { CrossEncoder } from "../cross-encoder.ts";
import { type LoadOptions, loadFolder } from "./load-sentence-encoder.ts";

/**
 * A cross-encoder from a folder: a `BertForSequenceClassification` or its like of any family that Kindred has, as sentence-transformers'
 * `CrossEncoder` and `AutoModelForSequenceClassification` of transformers save it.
 *
 * Idle workers do not keep the process alive.
 *
 * @throws FormatError for a folder that is not a whole cross-encoder of a known family, naming the file and the rule.
 * @throws ConfigError when worker threads can't find the engine.
 *
 * @example
 * ```ts ignore
 * import { loadCrossEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using crossEncoder = await loadCrossEncoder("ms-marco-MiniLM-L6-v2", { cores: 2 });
 * const { scores } = await crossEncoder.predict([["Where is the cat?", "A cat sat on the mat."]]);
 * ```
 */
export async function loadCrossEncoder(folder: string, options: LoadOptions = {}): Promise<CrossEncoder> {
  const { labels, activation, usesTypeIds } = await openCrossEncoderFolder(folder);
  const encoder = await loadFolder("loadCrossEncoder", { folder, kind: "cross-encoder" }, options);
  return new CrossEncoder(encoder, { labels, activation, usesTypeIds });
}
