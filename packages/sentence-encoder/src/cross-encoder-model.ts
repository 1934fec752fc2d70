import { type EncoderFamily, openEncoder } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import {
  type CrossEncoderFolder,
  type ModelFolder,
  type ModelModule,
  newSettings,
  type StoredTensors,
  tensorsInMemory,
} from "@kindred/model-folder";
import { moduleConfig } from "@kindred/pooling";
import { families as ownFamilies } from "./families.ts";

/**
 * A cross-encoder as a model of vectors: the first token's vector through the two dense layers of the head, so that a pair's vector is its logits. All that loads
 * and runs models of vectors loads and runs it.
 *
 * @throws FormatError for a family without classifiers, or that is not known
 */
export function crossEncoderModel(
  folder: CrossEncoderFolder,
  families: readonly EncoderFamily[] = ownFamilies,
): ModelFolder {
  const { transformer, labels, settings, tokenizerFile } = folder;
  const { config, file } = transformer;
  const { classifier, sizes } = openEncoder(families, config, { file });
  if (classifier === undefined)
    throw new FormatError(
      { file },
      `model_type has no classifiers. Got ${JSON.stringify(config["model_type"])}, expected a family that has.`,
      { key: "model_type", value: config["model_type"] },
    );
  const dense = (path: string, outFeatures: number, activation: "tanh" | "relu" | "identity"): ModelModule => ({
    ...{ kind: "Dense", path, file },
    config: moduleConfig({
      ...{ kind: "Dense", path, inFeatures: sizes.hidden, outFeatures, activation },
      ...{ bias: true, residual: false },
    }),
    openWeights: async () => layerOf(await transformer.openWeights(), path),
  });
  return {
    modules: [
      transformer,
      {
        ...{ kind: "Pooling", path: "", file },
        config: moduleConfig({ kind: "Pooling", dimension: sizes.hidden, modes: ["cls"] }),
        openWeights: async () => tensorsInMemory([], file),
      },
      dense(classifier.dense, sizes.hidden, classifier.activation),
      dense(classifier.out, labels, "identity"),
    ],
    get tokenizer() {
      return folder.tokenizer; // made when it is first asked for
    },
    tokenizerFile,
    settings: { ...newSettings(), ...settings },
    writtenWith: {},
  };
}

/** The tensors of one linear map among all that a file holds, by the names that a dense layer of its own has for them. */
function layerOf({ file, tensors, read, close }: StoredTensors, name: string): StoredTensors {
  const own = ["weight", "bias"].map((part) => [`linear.${part}`, `${name}.${part}`] as const);
  return {
    file: `${file} (${name})`,
    close,
    tensors: new Map(
      own.flatMap(([as, stored]) => {
        const summary = tensors.get(stored);
        return summary === undefined ? [] : [[as, summary]];
      }),
    ),
    read: (as) => read(own.find(([known]) => known === as)?.[1] ?? as),
  };
}
