import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toyPairs, toyVocabulary } from "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../bin/kindred-train.mjs", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-kill-"));
  writeFileSync(join(folder, "pairs.jsonl"), toyPairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  writeFileSync(join(folder, "vocab.txt"), toyVocabulary);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options =
  "--vocabulary vocab.txt --hidden-size 8 --num-hidden-layers 1 --num-attention-heads 2 --intermediate-size 16 --max-seq-length 12 --batch-size 8 --max-steps 24 --save-steps 2 --eval-steps 5 --hold-out 0.1 --cores 1 --logging-steps 1 --quiet";

/** A run that is killed once it has told of so many events, by kill -9: in whatever it does then. */
function killed(output: string, events: number): Promise<void> {
  const child = spawn(process.execPath, [bin, "--own-node", "pairs.jsonl", output, ...options.split(" ")], {
    cwd: folder,
    stdio: "ignore",
  });
  const file = join(folder, output, "events.jsonl");
  const timer = setInterval(() => {
    if (existsSync(file) && readFileSync(file, "utf8").split("\n").length > events) child.kill("SIGKILL");
  }, 1);
  return new Promise((resolve) =>
    child.on("close", () => {
      clearInterval(timer);
      resolve();
    }),
  );
}

test("killed at any moment, a run goes on to the same weights and moments, from another folder too, and leaves nothing beside", async () => {
  const run = (args: readonly string[], cwd = folder) =>
    spawnSync(process.execPath, [bin, "--own-node", ...args], { cwd, encoding: "utf8" });
  run(["pairs.jsonl", "unbroken", ...options.split(" ")]);
  const filesOf = (output: string) =>
    [join("model", "model.safetensors"), join("checkpoint-24", "optimizer.safetensors")].map((name) =>
      readFileSync(join(folder, output, name), "base64"),
    );
  for (const events of [12, 31]) {
    const output = `killed-${events}`;
    await killed(output, events);
    const { status, stderr } = run(["--resume", join(folder, output), "--quiet"], tmpdir());
    expect([stderr, status]).toEqual(["", 0]);
    expect(filesOf(output)).toEqual(filesOf("unbroken"));
    expect(readdirSync(join(folder, output)).sort()).toEqual(readdirSync(join(folder, "unbroken")).sort());
  }
}, 180_000);
