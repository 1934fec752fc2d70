// The Ray example from nothing: `npx nx run ray`, with `-- --model FOLDER --rows N` for another model and more rows. Makes a Python environment with
// the packages of examples/ray/requirements.txt, and a small model of random weights where none is named.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { modelFolder } from "../bench/inputs/model-folder.mjs";
import { root, run, underChosenNode } from "../node-runtime.mjs";

await underChosenNode();
const given = process.argv.slice(2).filter((argument) => argument !== "--own-node");
const example = join(root, "examples", "ray");
const environment = join(root, "dist", "ray");
const python = join(environment, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
const steps = [
  ...(existsSync(python) ? [] : [["python3", "-m", "venv", environment]]),
  [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", join(example, "requirements.txt")],
  [
    ...[python, join(example, "main.py")],
    ...["--command", `"${process.execPath}" "${join(root, "apps", "encode", "bin", "kindred-encode.mjs")}"`],
    ...(given.includes("--model") ? [] : ["--model", await modelFolder("quickstart")]),
    ...given,
  ],
];
for (const [command = "", ...args] of steps) {
  process.exitCode = await run(command, args);
  if (process.exitCode !== 0) break;
}
