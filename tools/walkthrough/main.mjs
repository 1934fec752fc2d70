// Prints the stops of a text and of a pair, with each file's length: `node tools/walkthrough/main.mjs`, after a build. `--write`
// writes docs/walkthrough.md from them, to begin a page from.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sharedPath } from "@kindred/testing";
import { root, underChosenNode } from "../node-runtime.mjs";
import { firstPage } from "./page.mjs";
import { pairStops, textStops } from "./stops.mjs";

await underChosenNode();
const model = sharedPath("golden", "mpnet-tiny", "model");
const stops = { text: await textStops(model), pair: await pairStops(model) };
for (const [name, list] of Object.entries(stops)) {
  console.log(`${list.length} stops of a ${name}`);
  for (const stop of list) console.log(`  ${stop}${stop.endsWith(".ts") ? `  ${codeLines(stop)}` : ""}`);
}
if (process.argv.includes("--write")) writeFileSync(join(root, "docs", "walkthrough.md"), firstPage(stops));

/** Lines of a file that are neither empty nor comment. @param {string} stop */
function codeLines(stop) {
  const text = readFileSync(join(root, stop), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return text.split("\n").filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
}
