// sentence-transformers behind FastAPI, asked as Kindred's server is.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../serve/start-server.mjs";
import { CannotError } from "../contestant.mjs";
import { askedServer } from "../inputs/asked-server.mjs";

const script = fileURLToPath(new URL("../python/fastapi_server.py", import.meta.url));
const packages = ["sentence_transformers", "torch", "fastapi", "uvicorn"];

/** @type {import("../contestant.mjs").Enter<import("../inputs/asked-server.mjs").ServerSetup & { python: string }>} */
export default async function enter({ python, ...setup }) {
  const versions = `import ${packages.join(", ")}\nprint(", ".join(f"{m.__name__} {m.__version__}" for m in [${packages.join(", ")}]))`;
  let name;
  try {
    name = execFileSync(python, ["-c", versions], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    throw new CannotError(`the interpreter lacks one of ${packages.join(", ")}`);
  }
  return askedServer(name, await startProcess(python, [script, setup.folder, `${setup.threads}`]), setup);
}
