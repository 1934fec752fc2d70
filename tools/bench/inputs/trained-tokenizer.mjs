import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./bench-folder.mjs";
import { realTexts } from "./real-texts.mjs";
import { runPython } from "./run-python.mjs";

/**
 * The tokenizer.json of a model trained on real English lines by python/train_tokenizer.py. Made once.
 *
 * @param {"bpe" | "unigram"} model
 * @param {import("../row.mjs").Scale} scale
 * @param {string} python an interpreter with the package tokenizers
 * @returns {Promise<{ file: string, size: number }>} its path, and how many tokens it has
 * @throws CannotError if the training fails
 */
export async function trainedTokenizer(model, scale, python) {
  const [size, count] = scale === "quick" ? [500, 200] : [32_000, 280_000];
  const file = join(benchFolder("tokenizers"), `${model}-${size}.json`);
  if (existsSync(file)) return { file, size };
  const { texts } = await realTexts(count);
  const unfinished = `${file}.unfinished`;
  await runPython(python, "train_tokenizer.py", [model, `${size}`, unfinished], JSON.stringify(texts));
  renameSync(unfinished, file);
  return { file, size };
}
