import { ConfigError } from "@kindred/errors";
import type { Loss, VectorRows } from "@kindred/loss";
import type { TrainConfig } from "./train-options.ts";

/** What makes vectors for a loss that asks for another model's: a guide, a teacher. A `SentenceEncoder` is one. */
export type Guide = {
  /** A vector for each text. */
  encode(texts: readonly string[]): Promise<VectorRows>;
};

/**
 * The vectors that a loss asks for, of each column's texts, by the models' names.
 *
 * @throws ConfigError naming a model that is missing
 *
 * @example
 * ```ts
 * import { guideVectors } from "@kindred/trainer";
 *
 * const lengths = { encode: async (texts: readonly string[]) => ({ embeddings: Float32Array.from(texts, (text) => text.length), dimension: 1 }) };
 * const loss = { name: "guided", needs: { vectors: ["guide"] } };
 * (await guideVectors(loss, [["a", "bcd"]], { guide: lengths }))["guide"]?.[0]?.embeddings; // => [1, 3]
 * ```
 */
export async function guideVectors(
  { needs }: Pick<Loss, "name" | "needs">,
  columns: readonly (readonly string[])[],
  guides: { readonly [name: string]: Guide },
): Promise<{ readonly [name: string]: readonly VectorRows[] }> {
  const vectors: { [name: string]: VectorRows[] } = {};
  for (const name of needs?.vectors ?? []) {
    const ofColumns: VectorRows[] = [];
    for (const texts of columns) ofColumns.push(await guideNamed(name, guides).encode(texts));
    vectors[name] = ofColumns;
  }
  return vectors;
}

function guideNamed(name: string, guides: { readonly [name: string]: Guide }): Guide {
  const guide = guides[name];
  if (guide !== undefined) return guide;
  throw new ConfigError(`train: the model ${name}, whose vectors the loss asks for, is missing. Give it in guides.`, {
    guide: name,
  });
}

/**
 * Refuses a run whose loss asks for other models' vectors than there are models for.
 *
 * @param names of the models that are given
 * @throws ConfigError naming the model, and how to give it
 *
 * @example
 * ```ts
 * import { expectGuides } from "@kindred/trainer";
 *
 * expectGuides({ name: "guided", needs: { vectors: ["guide"] } }, ["guide"]); // => undefined
 * ```
 */
export function expectGuides({ name, needs }: Pick<Loss, "name" | "needs">, names: readonly string[]): void {
  const wanted = needs?.vectors ?? [];
  const missing = wanted.find((guide) => !names.includes(guide));
  if (missing !== undefined)
    throw new ConfigError(
      `train: the loss ${name} asks for the vectors of a model ${missing}. Got ${names.length === 0 ? "none" : names.join(", ")}, expected ${wanted.join(", ")}. Give its folder: ${["guide", "teacher"].includes(missing) ? `--${missing} FOLDER` : `--guides ${missing}=FOLDER`}.`,
      { guide: missing },
    );
  const unused = names.find((guide) => !wanted.includes(guide));
  if (unused !== undefined)
    throw new ConfigError(
      `train: the loss ${name} does not ask for the vectors of ${unused}. Got guides ${names.join(", ")}, expected ${wanted.length === 0 ? "none" : wanted.join(", ")}. Leave it out.`,
      { guide: unused },
    );
}

/**
 * Refuses models whose vectors have another length than a loss can use.
 *
 * @throws ConfigError naming the model, what it gives and what is expected
 *
 * @example
 * ```ts
 * import { expectDimensions } from "@kindred/trainer";
 *
 * expectDimensions({ name: "guided", needs: { dimensions: { guide: 8 } } }, { guide: { dimension: 8 } }); // => undefined
 * ```
 */
export function expectDimensions(
  { name, needs }: Pick<Loss, "name" | "needs">,
  guides: { readonly [name: string]: { readonly dimension: number } },
): void {
  for (const [guide, expected] of Object.entries(needs?.dimensions ?? {})) {
    const { dimension = expected } = guides[guide] ?? {};
    if (dimension !== expected)
      throw new ConfigError(
        `train: the vectors of ${guide} do not fit the loss ${name}. Got ${dimension} numbers each, expected ${expected}. ` +
          `Give a model of that length, or, to embedding-distillation, --projection ${dimension}.`,
        { guide, dimension, expected },
      );
  }
}

/**
 * The folders of a configuration's `guide`, `teacher` and `guides`, by name.
 *
 * @throws ConfigError for one of `guides` that is not name=FOLDER, and for two of a name
 *
 * @example
 * ```ts
 * import { guideFolders, trainConfig } from "@kindred/trainer";
 *
 * guideFolders(trainConfig({ teacher: "models/large" })); // => { teacher: "models/large" }
 * ```
 */
export function guideFolders({ guides, guide, teacher }: Pick<TrainConfig, "guides" | "guide" | "teacher">): {
  readonly [name: string]: string;
} {
  const folders = new Map(Object.entries({ guide, teacher }).filter(([, folder]) => folder !== ""));
  for (const other of guides) {
    const [, name, folder] = /^([^=]+)=(.+)$/.exec(other) ?? [];
    if (name === undefined || folder === undefined || folders.has(name))
      throw new ConfigError(
        `train: guides name models by their folders. Got ${guides.join(", ")}, expected name=FOLDER, each name once.`,
        { key: "guides" },
      );
    folders.set(name, folder);
  }
  return Object.fromEntries(folders);
}
