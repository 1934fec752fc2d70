/** Milliseconds between two lines of one stage. */
const lineMs = 5000;

/** Writes a line about the progress of `mine` and `prepare` on standard error: at the beginning of each stage, then every few seconds. */
export function progressLines<Progress extends { readonly stage: string }>(
  lineOf: (progress: Progress) => string,
): (progress: Progress) => void {
  let [last, lastStage] = [0, ""];
  return (progress) => {
    if (progress.stage === lastStage && Date.now() - last < lineMs) return;
    [last, lastStage] = [Date.now(), progress.stage];
    process.stderr.write(`${lineOf(progress)}\n`);
  };
}
