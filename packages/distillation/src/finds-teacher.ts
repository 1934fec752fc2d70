import { ConfigError } from "@kindred/errors";
import { type EvaluationTask, type Guide, judgedBy } from "@kindred/trainer";

/**
 * How well a student finds its teacher's vectors: it encodes each text as a query, and looks for the teacher's vector of that text among the
 * teacher's of the others, by 500s. In a space of its own it finds them by chance.
 *
 * @param name of the task, in metrics
 * @param texts that the student has not learnt, two at least
 * @param teacher its vectors of these texts
 * @throws ConfigError for fewer than two different texts
 *
 * @example
 * ```ts
 * import { findsTeacher } from "@kindred/distillation";
 *
 * const lengths = async (texts: readonly string[]) => ({ embeddings: Float32Array.from(texts.flatMap((text) => [text.length, 2])), dimension: 2 });
 * const task = findsTeacher("held-out", ["a", "bcd", "ef"], { encode: lengths });
 * (await task.measure(lengths))["accuracy@1"]?.value; // => 1
 * ```
 */
export function findsTeacher(name: string, texts: readonly string[], { encode }: Guide): EvaluationTask {
  const rows = texts.map((text) => ({ texts: [text, text], place: { file: name } }));
  const [task] = judgedBy({ name, rows, evaluators: ["retrieval"] });
  if (task === undefined)
    throw new ConfigError(
      `distill: too few texts to find the teacher's vectors by. Got ${texts.length}, expected two.`,
    );
  const { shown: _, ...judged } = task; // neighbours of a text in another model's space are nobody's example
  return {
    ...judged,
    metrics: ["mrr@10", "accuracy@1"],
    measure: (ofStudent) => task.measure((some, column) => (column === 0 ? ofStudent(some, 0) : encode(some))),
    levels: () => {
      const { chance = {} } = task.levels();
      return { chance };
    },
  };
}
