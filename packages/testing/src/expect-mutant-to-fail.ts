/**
 * Passes only if the body fails by an assertion: the proof that a test notices the fault that the body has put in.
 *
 * An error that is no assertion (a typo, a missing function) proves nothing and is thrown on. Failures inside `fc.assert` count.
 */
export function expectMutantToFail(body: () => Promise<unknown>): Promise<void>;
export function expectMutantToFail(body: () => unknown): void;
export function expectMutantToFail(body: () => unknown): void | Promise<void> {
  let outcome: unknown;
  try {
    outcome = body();
  } catch (error) {
    return ensureAssertion(error);
  }
  if (outcome instanceof Promise) return outcome.then(survived, ensureAssertion);
  return survived();
}

function survived(): never {
  throw new Error("expectMutantToFail: the mutant passes. The test above it would not notice this fault.");
}

function ensureAssertion(error: unknown): void {
  // A matcher of `expect.extend` fails with a plain Error that has the matcher's `actual` and `expected`.
  const isAssertion = (at: Error) => at.name === "AssertionError" || ("actual" in at && "expected" in at);
  for (let at = error; at instanceof Error; at = at.cause) if (isAssertion(at)) return;
  throw error;
}
