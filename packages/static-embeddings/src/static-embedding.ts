import {
  configReader,
  type Encoder,
  type EncoderFamily,
  expectParameters,
  type JsonObject,
  type ParameterSpec,
  storedNames,
} from "@kindred/encoder";
import { staticModelType, staticTableName } from "@kindred/model-folder";
import { embedding } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Static embeddings: the vector of a token is its row of a table, whatever stands beside it. With a mean pooling behind it, a text's vector is
 * the mean of its tokens' rows: no transformer, and no order of words.
 *
 * What reads a folder of model2vec or of sentence-transformers' `StaticEmbedding` (`@kindred/model-folder`) makes its config.json of the table.
 *
 * @see Tulkens and van Dongen, Model2Vec, 2024; Aarsen, Train 400x faster Static Embedding Models, 2025
 */
export const staticEmbedding: EncoderFamily = {
  modelTypes: [staticModelType],
  newConfig: ({ vocabulary, hidden }) => ({
    model_type: staticModelType,
    vocab_size: vocabulary,
    hidden_size: hidden,
  }),
  open: openStatic,
};

/** Texts may have any length: no position has a number. */
const longest = 2 ** 31 - 1;

function openStatic(json: JsonObject, at: Parameters<EncoderFamily["open"]>[1]): Encoder {
  const read = configReader(json, at);
  const vocabulary = read.whole("vocab_size", { byDefault: 0, least: 1 });
  const hidden = read.whole("hidden_size", { byDefault: 0, least: 1 });
  const specs: readonly ParameterSpec[] = [
    { name: staticTableName, shape: [vocabulary, hidden], kind: "table", depth: 0 },
  ];
  return {
    description: `Static embeddings, ${vocabulary} tokens of width ${hidden}`,
    configJson: () => ({ model_type: staticModelType, vocab_size: vocabulary, hidden_size: hidden }),
    specs,
    unused: [],
    sizes: { hidden, longest, vocabulary },
    parameterOf: storedNames(specs, ""),
    forward: (parameters, { ids }): Float<"tokens hidden"> => {
      expectParameters("staticEmbedding", parameters, specs);
      const table = parameters[staticTableName]!; // expected above
      return ids.length === 0 ? tf.zeros<tf.Rank.R2>([0, hidden]) : embedding(ids, table);
    },
  };
}
