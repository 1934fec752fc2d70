import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@kindred/tensor";
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import { openModelFolder, saveModelFolder } from "@kindred/model-folder/node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toySaved } from "../../test-support/toy-model.ts";
import { inspectModel } from "./inspect-model.ts";
import { loadSentenceEncoder } from "./load-sentence-encoder.ts";

// Folders that Python loads, or seems to, and what is not as usual in them.
const texts = ["the cat sat on the mat.", "a dog", "", "cats"];
let root: string;
let folder: string;
let plain: Float32Array;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kindred-odd-"));
  await saveModelFolder(join(root, "model"), toySaved());
  plain = await vectors(join(root, "model"));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, "odd-"));
  await cp(join(root, "model"), folder, { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

async function vectors(path: string, warnings: string[] = []): Promise<Float32Array> {
  const onWarning = (message: string) => void warnings.push(message);
  await using encoder = await loadSentenceEncoder(path, { cores: 0, engine: cpu(), onWarning });
  return (await encoder.encode(texts)).embeddings;
}

const write = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value));
const change = async (name: string, changes: object) => {
  const old = JSON.parse(await readFile(join(folder, name), "utf8")) as object;
  await write(name, { ...old, ...changes });
};
const modules = (...list: readonly (readonly [path: string, kind: string])[]) =>
  write(
    "modules.json",
    list.map(([path, kind], idx) => ({ idx, name: `${idx}`, path, type: `sentence_transformers.models.${kind}` })),
  );
const head = [["", "Transformer"] as const, ["1_Pooling", "Pooling"] as const] as const;
/** The weights, with their names or numbers changed. */
async function reweigh(edit: (name: string, values: Float32Array) => string): Promise<void> {
  const { tensors } = readSafetensors(new Uint8Array(await readFile(join(folder, "model.safetensors"))));
  const edited = Array.from(tensors, ([name, tensor]) => {
    const values = toFloat32(tensor);
    return [edit(name, values), fromFloat32(values, tensor.shape)] as const;
  });
  await writeFile(join(folder, "model.safetensors"), writeSafetensors(edited));
}

describe("the same vectors, where", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["modules' paths have slashes and dots", () => modules(head[0], ["./1_Pooling//", "Pooling"], ["x", "Normalize"])],
    [
      "vectors are normalised twice",
      () => modules(...head, ["2_Normalize", "Normalize"], ["3_Normalize", "Normalize"]),
    ],
    ["dropout stands between", () => modules(...head, ["2_Dropout", "Dropout"], ["3_Normalize", "Normalize"])],
    [
      "layer norms have their old names",
      () =>
        reweigh((name) =>
          name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
        ),
    ],
    [
      "arguments say how to compute",
      () =>
        change("sentence_bert_config.json", {
          model_args: { attn_implementation: "eager", torch_dtype: "float32" },
          config_args: { use_cache: false },
        }),
    ],
    [
      "the transformer has a folder of its own, a link",
      async () => {
        await mkdir(join(folder, "elsewhere"));
        for (const name of readdirSync(folder))
          if (!["1_Pooling", "elsewhere", "modules.json", "config_sentence_transformers.json"].includes(name))
            await rename(join(folder, name), join(folder, "elsewhere", name));
        await symlink("elsewhere", join(folder, "0_Transformer"));
        await modules(["0_Transformer/", "Transformer"], head[1], ["2_Normalize", "Normalize"]);
      },
    ],
    [
      "settings of the tokenizer say what is so anyway",
      () => change("tokenizer_config.json", { padding_side: "left", use_fast: true, extra_special_tokens: [] }),
    ],
  ])("%s", async (_, edit) => {
    await edit();
    // to one rounding of a number below 1, for a second division by a length of 1
    expect(await vectors(folder)).toBeCloseToArray(plain, { tolerance: 2 ** -23 });
  });
});

test("arguments for config.json and tokenizer_config.json are obeyed", async () => {
  await change("sentence_bert_config.json", {
    max_seq_length: null,
    config_args: { num_hidden_layers: 1 },
    tokenizer_args: { model_max_length: 5, do_lower_case: false },
  });
  const { modules: read, tokenizer, settings } = await openModelFolder(folder);
  expect([read[0].config["num_hidden_layers"], settings.maxSeqLength]).toEqual([1, 5]);
  expect(tokenizer.encode("The").ids).not.toEqual(tokenizer.encode("the").ids);
});

test("weights that are no numbers are told by name", async () => {
  await reweigh((name, values) => {
    if (name === "encoder.layer.0.output.dense.weight") values[3] = Number.NaN;
    if (name === "encoder.layer.1.output.dense.bias") values.fill(Number.POSITIVE_INFINITY);
    return name;
  });
  const warnings: string[] = [];
  expect((await vectors(folder, warnings)).every(Number.isNaN)).toBe(true);
  expect(warnings).toEqual([
    expect.stringMatching(/encoder\.layer\.0\.output\.dense\.weight holds 1 of 240 numbers that are NaN/),
    expect.stringMatching(/encoder\.layer\.1\.output\.dense\.bias holds 12 of 12/),
  ]);
});

test("weights under other names are refused, with some that are there; inspect refuses them too", async () => {
  await reweigh((name) => `_orig_mod.${name}`);
  const message = /model\.safetensors: 37 of 37 parameters are missing.*Got _orig_mod\.embeddings/;
  await expect(vectors(folder)).rejects.toThrow(message);
  await expect(inspectModel(folder)).rejects.toThrow(message);
});

test("inspect tells of a table of words that is larger than the tokenizer", async () => {
  const lines = (await readFile(join(folder, "vocab.txt"), "utf8")).trimEnd().split("\n");
  await rm(join(folder, "tokenizer.json"));
  await writeFile(join(folder, "vocab.txt"), `${lines.filter((line) => line !== "c").join("\n")}\n`);
  const { limits, tokenizer } = await inspectModel(folder);
  expect([limits.words, tokenizer.vocabularySize]).toEqual([17, 16]);
});

type Expected = {
  readonly texts: string[];
  readonly models: {
    readonly [name: string]: { ids: number[][]; embeddings: (number | null)[][]; "prompt-empty"?: number[][] };
  };
};
const cases = ["cases", "encode"] as const;

describe.skipIf(!sharedExists(...cases, "models"))(
  "ids and vectors of sentence-transformers 6.2 for the folder",
  () => {
    const { texts: given, models } = sharedExists(...cases, "models-expected.json")
      ? readJson<Expected>(sharedPath(...cases, "models-expected.json"))
      : { texts: [], models: {} };
    test.each(Object.keys(models).filter((name) => sharedExists(...cases, "models", name)))("%s", async (name) => {
      const expected = models[name];
      const path = sharedPath(...cases, "models", name);
      const { tokenizer, settings } = await openModelFolder(path);
      for (const [i, text] of given.entries())
        expect([...tokenizer.encode(text, { maxLength: settings.maxSeqLength }).ids], text).toEqual(expected?.ids[i]);
      const load = () => loadSentenceEncoder(path, { cores: 0, onWarning: () => {} });
      if (name === "origmod") return expect(load()).rejects.toThrow(/_orig_mod/); // Python computes with random weights
      await using encoder = await load();
      const compare = async (
        rows: readonly (readonly (number | null)[])[] | undefined,
        options: { prompt?: string },
      ) => {
        const { embeddings } = await encoder.encode(given, options);
        const want = Float32Array.from((rows ?? []).flat(), (number) => number ?? Number.NaN);
        // 8 times what Python's own float32 strays from its float64, and the seven digits that are noted; not normalised: 5.5 times as long
        const tolerance = name === "old-layout" ? 5.5e-6 : 1.1e-6;
        if (want.some(Number.isNaN)) expect(embeddings.every(Number.isNaN)).toBe(true);
        else expect(embeddings).toBeCloseToArray(want, { tolerance });
      };
      await compare(expected?.embeddings, {});
      if (expected?.["prompt-empty"] !== undefined) await compare(expected["prompt-empty"], { prompt: "" });
    });
  },
);
