import { bert, camembert, roberta, xlmRoberta } from "@kindred/bert";
import { distilbert } from "@kindred/distilbert";
import type { EncoderFamily } from "@kindred/encoder";
import { mpnet } from "@kindred/mpnet";
import { staticEmbedding } from "@kindred/static-embeddings";

/** The families of encoders that Kindred has: the one list of them. A caller's own stand beside it, `[...families, mine]`. */
export const families: readonly EncoderFamily[] = [
  mpnet,
  bert,
  distilbert,
  roberta,
  xlmRoberta,
  camembert,
  staticEmbedding,
];
