/** @type {import("../row.mjs").Row} */
export const trainMemory = {
  id: "train-memory",
  work: "memory of a training step with a model of MPNet-base's size, 1,024 pairs of 128 tokens",
  how:
    "The size of the WebAssembly heap (weights, gradients, activations; it never shrinks) after the loss of all pairs was formed by grad-cache and three " +
    "chunks of 4,096 tokens (the trainer's default) were run forward and back, with dropout; with `--long`, after a whole step. The limit is 3 GiB a core.",
  unit: "GiB",
  value: "level",
  better: "lower",
  floor: 1,
  cases: (scale) => {
    const model =
      scale === "quick"
        ? { hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 64, vocab_size: 100 }
        : {
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            vocab_size: 30_527,
          };
    const size = scale === "quick" ? { pairs: 8, tokens: 6, chunk: 3 } : { pairs: 1024, tokens: 128, chunk: 32 };
    return [
      {
        case: scale === "long" ? "a whole step" : "the loss of all pairs, three chunks",
        ours: { contestant: "kindred-memory", setup: { model, ...size, whole: scale === "long" } },
        theirs: { limit: 3, name: "3 GiB" },
        threads: 1,
        rounds: 1,
        warmUpSeconds: 0,
      },
    ];
  },
};
