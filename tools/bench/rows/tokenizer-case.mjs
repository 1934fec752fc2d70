import { join } from "node:path";
import { modelFolder } from "../inputs/model-folder.mjs";
import { realTexts } from "../inputs/real-texts.mjs";

/**
 * Tokenizing real English lines one by one, Kindred against another.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {{ contestant: string, python?: string, environment?: { readonly [name: string]: string } }} peer
 * @param {{ name: string, file: string }} [model] a tokenizer.json; default MPNet's WordPiece
 * @returns {Promise<import("../row.mjs").Case>}
 */
export async function tokenizerCase(scale, { contestant, ...process }, model) {
  const file = model?.file ?? join(await modelFolder(scale === "quick" ? "tiny" : "base"), "tokenizer.json");
  const [count, linesAtOnce] = scale === "quick" ? [40, 20] : [24_000, 3000];
  const { source, texts: lines } = await realTexts(count);
  const setup = { file, lines, linesAtOnce };
  return {
    case: `lines of ${source}${model === undefined ? "" : `, ${model.name}`}`,
    ours: { contestant: "kindred-tokenizer", setup },
    theirs: { contestant, setup, ...process },
    threads: 1,
    rounds: 15,
    tolerance: 0, // ids are equal or wrong
  };
}
