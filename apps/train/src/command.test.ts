import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flagName } from "@kindred/options";
import { readSafetensors } from "@kindred/tensor-files";
import { toyPairs, toyVocabulary } from "@kindred/testing";
import { trainOptions } from "@kindred/trainer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The command as a user types it: the committed bin, which runs what is built.
const bin = fileURLToPath(new URL("../bin/kindred-train.mjs", import.meta.url));

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

let folder: string;
let data: string;
const pairs = toyPairs.map((pair) => JSON.stringify(pair));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-train-"));
  data = join(folder, "pairs.jsonl");
  writeFileSync(data, `${pairs.join("\n")}\n`);
  writeFileSync(join(folder, "vocab.txt"), toyVocabulary);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small =
  "--hidden-size 8 --num-hidden-layers 1 --num-attention-heads 2 --intermediate-size 16 --max-seq-length 12 --batch-size 8 --max_steps 6 --logging-steps 1 --hold-out 0.1 --cores 1";

/** Runs the command on the Node of the tests, which `npm test -- --own-node` chooses. */
function start(
  args: readonly string[],
  onOutput: (child: ChildProcess, text: string) => void = () => {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, "--own-node", ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => {
    stdout += bytes.toString();
    onOutput(child, stdout);
  });
  child.stderr.on("data", (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

const run = (output: string, ...more: string[]) => [
  data,
  output,
  "--vocabulary",
  "vocab.txt",
  ...small.split(" "),
  ...more,
];

test("trains DATA into OUTPUT, prints for people on stderr and, with --json, events on stdout", async () => {
  const { code, stdout, stderr } = await start(run("one", "--json"));
  expect(stderr).toMatch(/Verdict: pairs_mrr@10 .* 6 steps in/);
  expect(stderr).toContain(`Encode with it: npx kindred-encode --model ${join("one", "model")}`);
  expect(code).toBe(0);
  const types = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { type: string }).type);
  expect([types[0], types.at(-1)]).toEqual(["start", "done"]);
  expect(stdout).toBe(readFileSync(join(folder, "one", "events.jsonl"), "utf8"));
});

test("a model of the Hub stands with its id and commit in run.json and in the card, never with the cache's path; and the run goes on", async () => {
  expect((await start(run("from", "--quiet"))).code).toBe(0);
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const home = join(folder, "hub-home");
  const cached = join(home, "hub", "models--owner--name");
  mkdirSync(join(cached, "refs"), { recursive: true });
  writeFileSync(join(cached, "refs", "main"), commit);
  cpSync(join(folder, "from", "model"), join(cached, "snapshots", commit), { recursive: true });
  const env = { ...process.env, HF_HOME: home };
  const fine = "--batch-size 8 --max-steps 4 --stop-at 2 --hold-out 0 --cores 1 --quiet --offline".split(" ");
  expect(await start([data, "fine", "--model", "owner/name", ...fine], undefined, env)).toMatchObject({
    code: 0,
    stderr: "",
  });
  const { config } = JSON.parse(readFileSync(join(folder, "fine", "run.json"), "utf8")) as {
    config: { model: string };
  };
  expect(config.model).toBe(`owner/name@${commit}`);
  const card = readFileSync(join(folder, "fine", "model", "README.md"), "utf8");
  expect(card).toMatch(/^---\nbase_model: owner\/name\n/);
  expect(card).toContain(`revision <code>${commit}</code>`);
  for (const file of ["run.json", "events.jsonl", "model/README.md", "model/config.json"])
    expect(readFileSync(join(folder, "fine", file), "utf8")).not.toContain(home);
  const resumed = await start(["--resume", "fine", "--stop-at", "4", "--quiet", "--offline"], undefined, env);
  expect(resumed).toMatchObject({ code: 0, stderr: "" });
});

test("without --json nothing is on stdout; --quiet prints nothing at all", async () => {
  expect(await start(run("two", "--quiet"))).toEqual({ code: 0, stdout: "", stderr: "" });
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s saves a checkpoint and exits with %i; --resume goes on to the end", async (signal, expected) => {
  const output = `stopped-by-${signal}`;
  let sent = false;
  const stopped = await start(run(output, "--json", "--max-steps", "2000", "--warmup-steps", "0"), (child, text) => {
    if (sent || !text.includes('"step":3,')) return;
    sent = true;
    child.kill(signal);
  });
  expect(stopped.code).toBe(expected);
  expect(stopped.stdout.trim().split("\n").at(-1)).toMatch(new RegExp(`"type":"stopped".*"reason":"${signal}"`));
  expect(readdirSync(join(folder, output)).some((name) => name.startsWith("checkpoint-"))).toBe(true);
  expect(existsSync(join(folder, output, "model"))).toBe(false);
  const at = (JSON.parse(stopped.stdout.trim().split("\n").at(-1)!) as { step: number }).step;
  const resumed = await start(["--resume", output, "--stop-at", `${at + 2}`, "--json"]);
  expect(resumed.stderr).toContain(`steps ${at + 1} to ${at + 2}`);
  expect(resumed.code).toBe(0);
});

describe("refuses", () => {
  test("a broken line 7, with file and line, exit code 3, and leaves no folder", async () => {
    const broken = join(folder, "broken.jsonl");
    writeFileSync(broken, pairs.map((line, i) => (i === 6 ? '["half' : line)).join("\n"));
    const { code, stderr } = await start(["broken.jsonl", "never"]);
    expect(stderr).toMatch(/^broken\.jsonl:7: /);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(3);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test.each<[string, string[], number, RegExp]>([
    ["an unknown option", ["--lerning-rate", "1"], 2, /unknown option --lerning-rate\. Did you mean --learning-rate\?/],
    ["an unknown preset", ["--preset", "quikstart"], 2, /Did you mean quickstart\?/],
    ["a missing file", ["nowhere.jsonl"], 3, /nowhere\.jsonl: .*no such file/],
    ["a missing model", ["pairs.jsonl", "--model", "nowhere"], 3, /nowhere: no such folder/],
    ["no data", [], 2, /nothing to train on/],
    ["a third argument", ["a.jsonl", "b", "c"], 2, /too many arguments/],
    [
      "gradients into a folder that is not there, before it looks for the model",
      ["gradients", "--model", "nowhere", "--data", "pairs.jsonl", "--output", join("nodir", "g.safetensors")],
      2,
      /^--output: no such folder\. Got nodir/,
    ],
    ["nothing to resume", ["--resume"], 2, /no run to go on with in runs/],
  ])("%s", async (_, args, expected, message) => {
    const { code, stderr, stdout } = await start(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /); // no stack: the message is enough
    expect([code, stdout]).toEqual([expected, ""]);
  });
});

test.each(["plugin", "compileCache"])(
  "a %s that a file of options names is refused, as its code would be run",
  async (name) => {
    writeFileSync(join(folder, "options.json"), JSON.stringify({ [name]: "mine.so" }));
    const { code, stderr } = await start(run("none", "--config", "options.json"));
    expect(stderr).toContain(
      `kindred-train: ${name} is not taken from a file, as what it names is run as native code. Got it in options.json. Take it out, and give ${flagName(name)} on the command line.`,
    );
    expect(code).toBe(2);
  },
);

test("gradients writes a file of them and prints the loss", async () => {
  await start(run("for-gradients", "--quiet"));
  const words = "gradients --model for-gradients/model --data pairs.jsonl --output g.safetensors --loss one-way".split(
    " ",
  );
  const { code, stdout, stderr } = await start(words);
  expect([code, stderr]).toEqual([0, ""]);
  const inJavaScript = await start([...words.slice(0, 6), "cpu.safetensors", ...words.slice(7), "--backend", "cpu"]);
  const lossOf = (text: string) => (JSON.parse(text) as { readonly loss: number }).loss;
  expect(lossOf(inJavaScript.stdout)).toBeCloseTo(lossOf(stdout), 4); // of about 5: float32 sums in another order
  expect((await start([...words, "--products", "bfloat16"])).stderr).toContain(
    "kindred-train gradients: --products says something to XLA alone. Got --backend wasm. Leave it out, or choose --backend xla.",
  );
  // 120 pairs and scores of 20 · cosine: near chance, log 120 = 4.79, and never below 0
  expect((JSON.parse(stdout) as { loss: number }).loss).toBeLessThan(7);
  const { tensors } = readSafetensors(readFileSync(join(folder, "g.safetensors")));
  expect(tensors.get("embeddings.word_embeddings.weight")!.shape[1]).toBe(8);
  expect([...tensors.keys()].filter((name) => name.startsWith("pooler"))).toEqual([]);
  expect((await start(["gradients", "--data", "pairs.jsonl"])).stderr).toMatch(/--model is missing/);
});

test("gradients are of the loss that --loss names, with its options, its teacher and weights of its own", async () => {
  await start(run("for-losses", "--quiet"));
  const asked = (...more: string[]) =>
    start(["gradients", "--model", "for-losses/model", "--data", "pairs.jsonl", "--output", "l.safetensors", ...more]);
  const distil = ["--loss", "embedding-distillation", "--teacher", "for-losses/model"];
  const own = await asked(...distil);
  expect([own.code, own.stderr]).toEqual([0, ""]);
  expect((JSON.parse(own.stdout) as { loss: number }).loss).toBeCloseTo(0, 6); // a model is its own teacher
  expect((await asked(...distil, "--projection", "8", "--distance", "mse")).code).toBe(0);
  const { tensors } = readSafetensors(readFileSync(join(folder, "l.safetensors")));
  expect(tensors.get("loss.projection.weight")?.shape).toEqual([8, 8]);
  const refused: [string[], number, RegExp][] = [
    [["--loss", "triplet", "--scale", "3"], 2, /the loss triplet has no scale/],
    [["--loss", "cosnet"], 2, /bad value for --loss/],
    [["--loss", "cosent"], 3, /the loss cosent needs a score for each row/],
    [["--loss", "gist"], 2, /asks for the vectors of a model guide.*--guide FOLDER/],
    [[...distil, "--projection", "9"], 2, /Got 8 numbers each, expected 9/],
  ];
  for (const [flags, code, message] of refused) {
    const result = await asked(...flags);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  }
});

test("--help names every option, --version the version", async () => {
  const { code, stdout } = await start(["--help"]);
  const flags = stdout.replaceAll("--[no-]", "--");
  for (const name of Object.keys(trainOptions)) expect(flags).toContain(flagName(name));
  expect(code).toBe(0);
  expect((await start(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
