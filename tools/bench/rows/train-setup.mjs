import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "../inputs/bench-folder.mjs";
import { modelFolder } from "../inputs/model-folder.mjs";
import { realPairs } from "../inputs/real-texts.mjs";

/**
 * A model, and a file of real pairs: one batch, so that every step is the same work, or a few that steps go round.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {number} count pairs of a batch
 * @param {number} batches
 */
export async function trainSetup(scale, count, batches = 1) {
  const folder = await modelFolder(scale === "quick" ? "tiny" : "base");
  const size = scale === "quick" ? 4 : count;
  const { source, pairs } = await realPairs(size * batches);
  const data = join(benchFolder("data"), `pairs-${pairs.length}.jsonl`);
  writeFileSync(data, pairs.map((texts) => `${JSON.stringify(texts)}\n`).join(""));
  return { folder, data, pairs: size, source };
}
