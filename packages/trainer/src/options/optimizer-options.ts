import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { meanDecay, positive, rate, text } from "./option-rules.ts";

/** How gradients move parameters, and which of them. */
export const optimizerOptions = grouped("Steps and optimizer", {
  optimizer: option(
    v.picklist(["hf", "torch"]),
    "hf",
    "AdamW as transformers had it in 2021 (epsilon before bias correction), or as PyTorch has it.",
  ),
  adamBeta1: option(meanDecay, 0.9, "Decay of the running mean of gradients."),
  adamBeta2: option(meanDecay, 0.999, "Decay of the running mean of squared gradients."),
  adamEpsilon: option(positive, 1e-6, "Added to the root of the second moment."),
  weightDecay: option(rate, 0, "Decoupled weight decay, times the rate."),
  decay: option(
    v.picklist(["weights", "all"]),
    "weights",
    "What decays: tables and matrices, but neither biases nor layer norms (weights), or every parameter, as in the original system (all).",
  ),
  freeze: option(
    v.array(text),
    [],
    "Parameters that stay as they are, by name, * for any characters: embeddings.*, encoder.layer.0.*. No gradient is computed for them, nor through layers under which all is frozen. Repeat the flag for several.",
  ),
  rates: option(
    v.array(text),
    [],
    "Parameters with a learning rate of their own, NAME=FACTOR on the rate, NAME as in freeze, or kind:table, kind:matrix, kind:gain, kind:shift. The first that fits counts. Repeat the flag for several.",
  ),
  weightDecays: option(v.array(text), [], "The same for weightDecay, NAME=DECAY."),
  layerDecay: option(
    v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    1,
    "Factor on the learning rate from each layer to the one below: the last has the whole rate, the embeddings the smallest. 1 = all have it. rates go before it.",
  ),
  embeddingUpdate: option(
    v.picklist(["dense", "lazy"]),
    "dense",
    "Rows of the embedding tables that are not in a step's texts: they move on by their moments, as AdamW has it (dense), or stand still with their moments and decay, which is faster and another optimizer (lazy; PyTorch's SparseAdam, TensorFlow's LazyAdam).",
  ),
  clipping: option(
    v.picklist(["clean", "xla-exact", "xla-clean"]),
    "clean",
    "How the cores' gradients become one: summed, then clipped (clean); each clipped by itself, then averaged, as the original system did (xla-exact); averaged, then clipped (xla-clean).",
  ),
  maxGradNorm: option(rate, 1, "Gradients are scaled down to this global norm; 0 = never."),
});
