import { ShapeError } from "@kindred/errors";
import { addLayerNorm, embedding } from "@kindred/nn";
import { childKey, type Key } from "@kindred/random";
import { type Float, type Layout, layoutPositions } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { hiddenDropout } from "./hidden-dropout.ts";
import type { MpnetConfig } from "./mpnet-config.ts";
import type { MpnetParameters } from "./mpnet-parameters.ts";

/**
 * What the first layer sees: LayerNorm(word vector + position vector), with dropout. MPNet has no token types.
 *
 * Positions count from `padTokenId` + 1 in every sentence; rows of padding have position `padTokenId`. The padding rows of both tables get
 * no gradient.
 */
export function mpnetEmbeddings(
  { word_embeddings, position_embeddings, LayerNorm }: MpnetParameters["embeddings"],
  ids: Int32Array,
  { config, layout, dropoutKey }: { config: MpnetConfig; layout: Layout; dropoutKey?: Key | undefined },
): Float<"tokens hidden"> {
  const { padTokenId: paddingId, maxPositionEmbeddings, layerNormEps: epsilon } = config;
  if (ids.length !== layout.fixed.rows) {
    throw new ShapeError(
      `mpnet: ids and layout don't fit. Got ${ids.length} ids and a ${layout.form} layout of ${layout.fixed.rows} rows, expected as many. ` +
        "Was the layout made for another batch?",
      { ids: ids.length, rows: layout.fixed.rows },
    );
  }
  const positions = layoutPositions(layout).map((position) => position + paddingId + 1);
  const last = positions.reduce((most, position) => Math.max(most, position), 0);
  if (last >= maxPositionEmbeddings) {
    const usable = maxPositionEmbeddings - paddingId - 1;
    throw new ShapeError(
      `mpnet: a text is too long. Got ${last - paddingId} tokens, expected at most ${usable}, the positions that the model has. Cut texts ` +
        "at that length.",
      { tokens: last - paddingId, usable },
    );
  }
  return tf.tidy(() => {
    const words = embedding(ids, word_embeddings.weight, { paddingId });
    const places = embedding(positions, position_embeddings.weight, { paddingId });
    const x = addLayerNorm(words, places, LayerNorm.weight, LayerNorm.bias, { epsilon });
    return hiddenDropout(x, { config, layout, key: dropoutKey && childKey(dropoutKey, "embeddings") });
  });
}
