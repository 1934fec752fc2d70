import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import { sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { saveModelFolder } from "@kindred/model-folder/node";
import { toyDense } from "../../../pooling/test-support/toy-dense.ts";
import { toySaved } from "../../test-support/toy-model.ts";
import { inspectModel } from "./inspect-model.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kindred-inspect-"));
});
afterAll(() => rm(root, { recursive: true }));

test("tells modules, sizes, limits, numbers and origin of a saved model", async () => {
  const after = [{ kind: "Dense", ...toyDense().layer }, { kind: "Normalize" }] as const;
  const model = toySaved({ after, truncateDim: 4, maxSeqLength: 9 });
  const readme = "---\nlicense: apache-2.0\ntags:\n- sentence-similarity\nbase_model: a/b\n---\n# Title\n";
  const folder = join(root, "model");
  await saveModelFolder(folder, model, { dtype: "bfloat16", readme });
  const description = await inspectModel(folder);
  expect(description.modules.map(({ kind }) => kind)).toEqual(["Transformer", "Pooling", "Dense", "Normalize"]);
  expect(description.modules[0]).toMatchObject({
    description: "MPNet, 2 layers of width 12, 3 heads, feed-forward 20",
    config: { model_type: "mpnet", hidden_size: 12 },
  });
  const [hidden, inner] = [12, 20];
  const perLayer = 4 * (hidden * hidden + hidden) + 2 * hidden * inner + inner + hidden + 4 * hidden;
  const embeddings = (17 + 34 + 2) * hidden + 32 * 3;
  const inMatrices = 2 * (4 * hidden * hidden + 2 * hidden * inner) + 12 * 5;
  const parameterCount = embeddings + 2 * perLayer + 12 * 5 + 5;
  expect(description).toMatchObject({
    dimension: 4,
    limits: { maxSeqLength: 9, positions: 32 },
    tokenizer: {
      file: "tokenizer.json",
      vocabularySize: 17,
      lowercase: true,
      specialTokens: { bos: "<s>" },
    },
    weights: {
      files: ["model.safetensors", "2_Dense/model.safetensors"],
      parameterCount,
      dtypes: { BF16: parameterCount },
      bytes: 2 * parameterCount,
      memory: {
        float32: 4 * parameterCount,
        bfloat16: 4 * parameterCount - 2 * inMatrices,
        int8: 4 * parameterCount - 3 * inMatrices,
      },
      unused: ["pooler.dense.bias", "pooler.dense.weight"],
    },
    settings: { prompts: { query: "find: " }, similarityFunction: "cosine", truncateDim: 4 },
    provenance: {
      writtenWith: { sentence_transformers: "2.0.0" },
      baseModel: undefined,
      card: { license: "apache-2.0", base_model: "a/b" },
    },
  });
  expect((await inspectModel(`${root}/./model/`)).weights.files).toEqual(description.weights.files);
});

test.skipIf(!sharedExists("golden", "mpnet-tiny"))("reads PyTorch's files as well", async () => {
  const folder = join(root, "tiny");
  const filter = (path: string) => !path.endsWith(".safetensors");
  await cp(sharedPath("golden", "mpnet-tiny", "model"), folder, { recursive: true, filter });
  const [safe, torch] = [await inspectModel(sharedPath("golden", "mpnet-tiny", "model")), await inspectModel(folder)];
  expect(torch.weights.files).toEqual(["pytorch_model.bin"]);
  expect({ ...torch.weights, files: [], unused: [...torch.weights.unused].sort() }).toEqual({
    ...safe.weights,
    files: [],
  });
});

test("refuses what loading would", async () => {
  await writeFile(join(root, "file"), "");
  await expect(inspectModel(join(root, "file"))).rejects.toThrow(FormatError);
  await expect(inspectModel(join(root, "nowhere"))).rejects.toThrow(/nowhere: no such folder/);
});
