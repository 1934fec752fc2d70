// The command kindred-encode, from its start to its end.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../../apps/encode/bin/kindred-encode.mjs", import.meta.url));

/** @type {import("../contestant.mjs").Enter<{ folder: string }>} */
export default function enter({ folder }) {
  return {
    name: "kindred-encode",
    measure: () => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [command, "--model", folder, "A cat sat on the mat."],
        {
          encoding: "utf8",
        },
      );
      if (status !== 0 || !stdout.includes("embedding"))
        throw new Error(`kindred-encode failed (${status}): ${stderr}`);
      return 1;
    },
  };
}
