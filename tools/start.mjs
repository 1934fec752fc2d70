// npm start: installs what is missing, builds, and trains the quickstart model. Arguments go to kindred-train:
// `npm start -- --cores 2`.
import { installMissing } from "./install.mjs";
import { underChosenNode } from "./node-runtime.mjs";
import { runNx } from "./nx.mjs";

await installMissing();
await underChosenNode({ announce: true, argv: [] });
// Streaming without prefixes gives the training screen the terminal itself; other styles hold its output back or indent it.
const args = process.argv.slice(2);
process.exitCode = await runNx([
  "run",
  "kindred:train",
  "--outputStyle=stream-without-prefixes",
  ...(args.length > 0 ? ["--", ...args] : []),
]);
