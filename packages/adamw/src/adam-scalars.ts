/** The numbers of one step of Adam that are the same for all weights. */
export type AdamScalars = {
  readonly beta1: number;
  readonly beta2: number;
  /** What is added to √v. */
  readonly epsilon: number;
  /** What m/(√v + epsilon) is multiplied by: −rate, with the bias corrections. */
  readonly factor: number;
};

/** What {@link adamScalars} must be told. */
export type AdamScalarOptions = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly epsilonAdded: "before" | "after";
};

/**
 * The scalars of step t ≥ 1 at a rate.
 *
 * m̂ / (√v̂ + ε) = √(1 − β2ᵗ) / (1 − β1ᵗ) · m / (√v + ε √(1 − β2ᵗ)): both places of ε are one formula with two values of it.
 */
export function adamScalars(
  rate: number,
  t: number,
  { beta1, beta2, epsilon, epsilonAdded }: AdamScalarOptions,
): AdamScalars {
  const correction2 = Math.sqrt(1 - beta2 ** t);
  return {
    beta1,
    beta2,
    epsilon: epsilonAdded === "before" ? epsilon : epsilon * correction2,
    factor: (-rate * correction2) / (1 - beta1 ** t),
  };
}
