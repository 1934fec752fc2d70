import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../node-runtime.mjs";
import { CannotError } from "../contestant.mjs";
import { benchFolder } from "./bench-folder.mjs";
import { realTexts } from "./real-texts.mjs";

/**
 * The tokenizer.json of a model trained on real English lines by python/train_tokenizer.py. Made once.
 *
 * @param {"bpe"} model
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
  const script = join(root, "tools", "bench", "python", "train_tokenizer.py");
  const unfinished = `${file}.unfinished`;
  const training = spawn(python, [script, model, `${size}`, unfinished], { stdio: ["pipe", 2, 2] });
  training.stdin.end(JSON.stringify(texts));
  const [code] = await once(training, "close");
  if (code !== 0) throw new CannotError(`${script} ended with ${code}. Its message is above.`);
  renameSync(unfinished, file);
  return { file, size };
}
