import { modelFolder } from "../inputs/model-folder.mjs";
import { realTexts } from "../inputs/real-texts.mjs";

const quickSizes = /** @type {const} */ ({ base: "tiny", minilm: "tiny-bert" });

/**
 * The model and the texts of the encoding rows.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {number} count texts
 * @param {"base" | "minilm"} size of the model
 */
export async function encodeSetup(scale, count = 256, size = "base") {
  const folder = await modelFolder(scale === "quick" ? quickSizes[size] : size);
  const { source, texts } = await realTexts(scale === "quick" ? 8 : count);
  return { folder, texts, source };
}
