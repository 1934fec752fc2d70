// Prints the versions of the Nodes that tasks may run on. An input of every cached task: another Node, another result.
import { execFileSync } from "node:child_process";
import { npmNode, ownNode } from "./node-runtime.mjs";

for (const node of [npmNode(), ownNode()]) {
  if (node !== undefined) console.log(execFileSync(node, ["--version"], { encoding: "utf8" }).trim());
}
