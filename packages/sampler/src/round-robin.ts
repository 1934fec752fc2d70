import type { Drawing, MixingPlace, WayOfMixing } from "./mixing.ts";
import type { TextsRow } from "./source.ts";

/**
 * `mixing: "round_robin"`: one batch of each source in turn, in their order, whatever their weights and sizes. With `epochs` it is over when
 * the first source has been read so often; longer ones are not read to their end then, and go on where they stood in each of their
 * epochs.
 *
 * @see sentence-transformers, `MultiDatasetBatchSamplers.ROUND_ROBIN`, which begins longer sources anew in each epoch
 */
export function roundRobin<Row extends TextsRow>(drawing: Drawing<Row>, place: MixingPlace): WayOfMixing<Row> {
  const drawn = drawing.lanes.filter(({ weight }) => weight > 0);
  let turn = place?.["turn"] ?? 0;
  return {
    async next() {
      const lane = drawn[turn];
      if (lane === undefined || lane.isFinished) return undefined;
      drawing.beginScope();
      const rows = await drawing.fill(lane);
      // A source that gave less than a batch has its turn again, and is seen to be at its end.
      if (rows.length === drawing.options.batchSize) turn = (turn + 1) % drawn.length;
      return rows;
    },
    isScopeOver: () => true,
    place: () => ({ turn }),
  };
}
