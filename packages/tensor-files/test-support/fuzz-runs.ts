/** How many corrupted files each reader is shown. 1,000 always; `KINDRED_FUZZ_RUNS=10000` in a test run for more. */
export const fuzzRuns = Number(process.env["KINDRED_FUZZ_RUNS"] ?? 1000);
