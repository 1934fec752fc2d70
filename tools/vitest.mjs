// Runs the tests of the folder it is started in, under the chosen Node. Arguments go to vitest:
// `npm test -- src/mean-pool.test.ts`, `npm test -- -t "zero stays zero"`, `npm test -- --own-node`.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root, run, underChosenNode } from "./node-runtime.mjs";

await underChosenNode();
const args = process.argv.slice(2).filter((argument) => argument !== "--own-node");
// A run that dies early must not leave the last run's counts behind.
rmSync(join(process.cwd(), ".results", "test.json"), { force: true });
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
process.exitCode = await run(
  process.execPath,
  [vitest, "run", "--config", join(root, "vitest.config.ts"), "--root", process.cwd(), ...args],
  { cwd: process.cwd() },
);
