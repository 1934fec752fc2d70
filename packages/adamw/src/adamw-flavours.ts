/** What the flavours differ in: the defaults of two numbers, where epsilon is added, and what decays before or after what. */
export const adamwFlavours = {
  hf: { epsilon: 1e-6, weightDecay: 0, epsilonAdded: "before", order: "after" },
  torch: { epsilon: 1e-8, weightDecay: 0.01, epsilonAdded: "after", order: "before" },
} as const;
