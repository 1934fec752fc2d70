import { basename } from "node:path";
import { openDataset, readDataConfig } from "@kindred/datasets/node";
import { ConfigError } from "@kindred/errors";
import type { RunData, TrainConfig } from "@kindred/trainer";

/**
 * Opens the data files of a configuration; nothing of them is read yet but the data_config.json.
 *
 * @throws ConfigError if none is named; DataError for one that is not there.
 */
export async function openRunData({ data, evalData, onBadLine }: TrainConfig): Promise<RunData> {
  if (data === "")
    throw new ConfigError(
      "train: nothing to train on. Expected data = a file of pairs or a data_config.json. See --help.",
      { key: "data" },
    );
  const entries = data.endsWith(".json")
    ? await readDataConfig(data)
    : [{ name: data, label: basename(data), weight: 1 }];
  const training = entries
    .filter(({ weight }) => weight > 0)
    .map(({ name, label, weight }) => {
      // Built-in corpora come split: their training rows share no text and no group with the held-out ones.
      const split = name.startsWith("npm:") ? { heldOut: openDataset(name, { split: "held-out" }) } : {};
      return { dataset: openDataset(name, { onBadLine }), label, weight, ...split };
    });
  return { training, evaluation: evalData.map((path) => openDataset(path, { onBadLine })) };
}
