// Compiles all packages into their dist folders, type errors or not: `build` is the check that reports those. Tests depend on
// this, so that one type error doesn't keep the tests of every package from running.
import { join } from "node:path";
import { root, run, underChosenNode } from "./node-runtime.mjs";

await underChosenNode();
await run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], { stdio: "ignore" });
