import { childKey, permutation } from "@kindred/random";
import type { Drawing, MixingPlace, WayOfMixing } from "./mixing.ts";
import { knownLength } from "./source-weights.ts";
import type { TextsRow } from "./source.ts";

/**
 * `mixing: "proportional"`: batches of one source, each source as often as it has batches, in random order. An epoch's batches are shuffled
 * like a deck of cards: source i has ⌊(e + 1) · rowsᵢ / batchSize⌋ − ⌊e · rowsᵢ / batchSize⌋ cards in epoch e, so what is left over in
 * one epoch counts in the next.
 *
 * @see sentence-transformers, `MultiDatasetBatchSamplers.PROPORTIONAL`, which rounds up in each epoch
 */
export function proportional<Row extends TextsRow>(drawing: Drawing<Row>, place: MixingPlace): WayOfMixing<Row> {
  const { options, lanes } = drawing;
  let [epoch, card] = [place?.["epoch"] ?? 0, place?.["card"] ?? 0];
  let deck = deckOf(drawing, epoch);
  return {
    async next() {
      while (epoch < options.epochs) {
        const lane = lanes[deck[card++] ?? -1];
        if (lane === undefined) {
          deck = deckOf(drawing, ++epoch);
          card = 0;
        } else if (!lane.isFinished) {
          drawing.beginScope();
          return drawing.fill(lane);
        }
      }
      // What is left of each source: rows that waited, and less than a batch.
      const [lane] = drawing.openLanes();
      if (lane === undefined) return undefined;
      drawing.beginScope();
      return drawing.fill(lane);
    },
    isScopeOver: () => true,
    place: () => ({ epoch, card }),
  };
}

/** The sources of an epoch's batches, in their order. */
function deckOf<Row extends TextsRow>({ options, lanes }: Drawing<Row>, epoch: number): number[] {
  const { batchSize, key } = options;
  const cards = lanes.flatMap(({ source, index, weight }) => {
    const batchesBy = (epochs: number) => Math.floor((epochs * knownLength(source)) / batchSize);
    return weight === 0 ? [] : Array.from({ length: batchesBy(epoch + 1) - batchesBy(epoch) }, () => index);
  });
  return Array.from(permutation(childKey(key, "deck", epoch), cards.length), (card) => cards[card]!); // `!`: a permutation of them
}
