import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "../inputs/bench-folder.mjs";
import { modelFolder } from "../inputs/model-folder.mjs";
import { realPairs } from "../inputs/real-texts.mjs";

/**
 * A model, and a file of real pairs that is one batch: every step is then the same work.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {number} count pairs
 */
export async function trainSetup(scale, count) {
  const folder = await modelFolder(scale === "quick" ? "tiny" : "base");
  const { source, pairs } = await realPairs(scale === "quick" ? 4 : count);
  const data = join(benchFolder("data"), `pairs-${pairs.length}.jsonl`);
  writeFileSync(data, pairs.map((texts) => `${JSON.stringify(texts)}\n`).join(""));
  return { folder, data, pairs: pairs.length, source };
}
