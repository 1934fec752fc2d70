// npm run build: builds all that the commands need.
import { installMissing } from "./install.mjs";
import { underChosenNode } from "./node-runtime.mjs";
import { runNx } from "./nx.mjs";

await installMissing();
await underChosenNode({ announce: true });
process.exitCode = await runNx(["run", "kindred:build"]);
