import { modelFolder } from "../inputs/model-folder.mjs";
import { realTexts } from "../inputs/real-texts.mjs";

/**
 * The model and the texts of the encoding rows.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {number} count texts
 */
export async function encodeSetup(scale, count = 256) {
  const folder = await modelFolder(scale === "quick" ? "tiny" : "base");
  const { source, texts } = await realTexts(scale === "quick" ? 8 : count);
  return { folder, texts, source };
}
