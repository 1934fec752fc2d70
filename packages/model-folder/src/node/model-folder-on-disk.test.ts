import { cp, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import { sharedExists, sharedPath } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newSettings } from "../model-folder.ts";
import { newModule } from "../model-folder-files.ts";
import { openModelFolder, saveModelFolder } from "./model-folder-on-disk.ts";

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kindred-model-folder-"));
  const modules = [
    newModule("Transformer", { model_type: "mpnet" }, [["a", fromFloat32([1, 2], [2])]]),
    newModule("Pooling", { pooling_mode_mean_tokens: true }),
  ] as const;
  const tokenizer = tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\n[UNK]\n<mask>\n");
  await saveModelFolder(join(root, "original"), { modules, tokenizer, settings: newSettings({ maxSeqLength: 9 }) });
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, "copy-"));
  await cp(join(root, "original"), folder, { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

const weightsOf = async (path: string) => {
  const weights = await (await openModelFolder(path)).modules[0].openWeights();
  try {
    return [...toFloat32(await weights.read("a"))];
  } finally {
    await weights.close();
  }
};

test("links to files and to folders are followed, and what the model does not name is never looked at", async () => {
  await rename(join(folder, "1_Pooling"), join(root, "elsewhere"));
  await symlink(join(root, "elsewhere"), join(folder, "1_Pooling"));
  await rename(join(folder, "model.safetensors"), join(folder, "blob"));
  await symlink("blob", join(folder, "model.safetensors"));
  await symlink("/nonexistent/blob", join(folder, "vocab.json"));
  await symlink(".", join(folder, "2_Loop"));
  await writeFile(join(folder, "trainer_state.json"), "x".repeat(65 * 2 ** 20));
  expect((await openModelFolder(folder)).modules[1].config).toEqual({ pooling_mode_mean_tokens: true });
  expect(await weightsOf(folder)).toEqual([1, 2]);
});

test("a link that leads nowhere, where a file is needed, is refused by name", async () => {
  await rm(join(folder, "special_tokens_map.json"));
  await symlink("/nonexistent/blob", join(folder, "tokenizer_config.json.gone"));
  await rename(join(folder, "tokenizer_config.json.gone"), join(folder, "tokenizer_config.json"));
  await expect(openModelFolder(folder)).rejects.toThrow(/tokenizer_config\.json: a link to a file that is not there/);
});

test("refuses what is no folder, and settings of absurd size", async () => {
  await expect(openModelFolder(join(folder, "nowhere"))).rejects.toThrow(/nowhere: no such folder/);
  await expect(openModelFolder(join(folder, "vocab.txt"))).rejects.toThrow(/vocab\.txt: not a folder/);
  await writeFile(join(folder, "config.json"), "x".repeat(65 * 2 ** 20));
  await expect(openModelFolder(folder)).rejects.toThrow(FormatError);
  await expect(openModelFolder(folder)).rejects.toThrow(/config\.json: the file is too large/);
});

test.skipIf(!sharedExists("golden", "families", "bert-dense"))("reads folders of both layouts", async () => {
  for (const name of ["bert-cls-prompts", "bert-dense"]) {
    const { modules, settings } = await openModelFolder(sharedPath("golden", "families", name, "model"));
    expect([modules.length, settings.maxSeqLength]).toEqual([name === "bert-dense" ? 4 : 3, 64]);
    const weights = await modules[0].openWeights();
    expect(weights.tensors.size).toBeGreaterThan(30);
    await weights.close();
  }
});
