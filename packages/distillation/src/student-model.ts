import {
  type EncoderFamily,
  initialParameters,
  openEncoder,
  type ParameterSpec,
  type ParameterValues,
} from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import {
  endsNormalized,
  moduleSpecs,
  sentenceDimension,
  type SentenceModules,
  type VectorModule,
} from "@kindred/pooling";
import { childKey, keyFromSeed } from "@kindred/random";
import { families as ownFamilies } from "@kindred/sentence-encoder";
import { dropoutOf, type TrainableModel, type TrainConfig } from "@kindred/trainer";
import { principalComponents, projectRows } from "@kindred/vectors";

/**
 * A model of some layers of another, with its embeddings and all that comes after the layers: what a deep model knows of words and of
 * how to put them together is there from the start.
 *
 * @param layers by their numbers from 0, in the order in which the new model has them: every third, `[0, 3, 6, 9]`, is a good choice
 * @throws ConfigError for a layer that the teacher has not, for none, and for a family that does not count its layers
 * @see Turc et al. (2019), Well-read students learn better; Reimers, sentence-transformers, model_distillation_layer_reduction.py.
 *
 * @example
 * ```ts ignore
 * import { studentFromLayers } from "@kindred/distillation";
 *
 * const student = studentFromLayers(config, teacher, [0, 3, 6, 9]);
 * student.encoder.description; // => "MPNet, 4 layers of width 768, 12 heads, feed-forward 3072"
 * ```
 */
export function studentFromLayers(
  config: TrainConfig,
  teacher: TrainableModel,
  layers: readonly number[],
  families: readonly EncoderFamily[] = ownFamilies,
): TrainableModel {
  const { layers: count } = teacher.encoder.sizes;
  if (count === undefined)
    throw new ConfigError(
      "distill: the teacher's family does not count its layers. Give a student (--student FOLDER).",
      {
        key: "layers",
      },
    );
  const wrong = layers.find((layer) => !Number.isInteger(layer) || layer < 0 || layer >= count);
  if (layers.length === 0 || wrong !== undefined)
    throw new ConfigError(
      `distill: no such layers of the teacher. Got ${layers.join(",") || "none"}, expected numbers from 0 to ${count - 1}, with commas.`,
      { layers, count },
    );
  const encoder = openEncoder(families, teacher.encoder.configJson({ layers: layers.length }), {
    dropout: dropoutOf(config),
  });
  const weights: { [name: string]: ParameterValues } = { ...weightsAfter(teacher) };
  for (let depth = 0; depth <= layers.length; depth++) {
    const from = depth === 0 ? 0 : (layers[depth - 1] ?? 0) + 1; // layer i is i + 1 deep
    const [own, theirs] = [ofDepth(encoder.specs, depth), ofDepth(teacher.encoder.specs, from)];
    for (const [i, { name }] of own.entries()) {
      const values = teacher.weights[theirs[i]?.name ?? ""];
      if (values !== undefined) weights[name] = values;
    }
  }
  return { ...teacher, encoder, settings: settingsOf(config, teacher), weights };
}

function ofDepth(specs: readonly ParameterSpec[], depth: number): ParameterSpec[] {
  return specs.filter((spec) => (spec.depth ?? 0) === depth);
}

/** Weights of the modules after the encoder. */
function weightsAfter({ modules, weights }: TrainableModel): { readonly [name: string]: ParameterValues } {
  return Object.fromEntries(
    moduleSpecs(modules).flatMap(({ name }) => (weights[name] === undefined ? [] : [[name, weights[name]]])),
  );
}

function settingsOf({ maxSeqLength = 128 }: TrainConfig, { settings, encoder }: TrainableModel) {
  return {
    ...settings,
    maxSeqLength: Math.min(maxSeqLength, settings.maxSeqLength, encoder.sizes.longest),
    matryoshkaDimensions: undefined, // what the teacher was trained for
  };
}

/**
 * A new model with the rows of its tables taken from a larger one's by principal components: words that are alike to the one are so to
 * the other from the start, as far as fewer numbers can say it.
 *
 * Taken are the tables that both have under one name with as many rows, of as many features as a token has: words, positions. All of them go
 * through the components of the words, so that a word's place among positions stays what it was; each is centred by its own mean. Everything
 * else is as it was made.
 *
 * @param student a new model of the teacher's vocabulary
 * @returns the student, with what share of the mean square of the teacher's words its rows keep
 * @throws ConfigError if the two do not share their vocabulary, or the student is wider than the teacher
 *
 * @example
 * ```ts ignore
 * import { wordRowsFrom } from "@kindred/distillation";
 * import { newModel, trainConfig } from "@kindred/trainer";
 *
 * const config = trainConfig({ hiddenSize: 256, numHiddenLayers: 4, numAttentionHeads: 8 });
 * const { student, share } = await wordRowsFrom(teacher, newModel(config, teacher.tokenizer));
 * share; // 0.7, say
 * ```
 */
export async function wordRowsFrom(
  teacher: TrainableModel,
  student: TrainableModel,
): Promise<{ readonly student: TrainableModel; readonly share: number }> {
  const [wide, narrow] = [teacher.encoder.sizes.hidden, student.encoder.sizes.hidden];
  const tables = student.encoder.specs.flatMap(({ name, shape: [rows = 0, features = 0], kind }) => {
    const theirs = teacher.weights[name];
    const fits = kind === "table" && features === narrow && theirs?.shape[0] === rows && theirs.shape[1] === wide;
    return fits ? [{ name, rows, embeddings: theirs.values }] : [];
  });
  const words = tables.find(({ rows }) => rows === student.encoder.sizes.vocabulary);
  if (words === undefined || narrow > wide)
    throw new ConfigError(
      `distill: the student's words cannot be taken from the teacher. Got a vocabulary of ${student.encoder.sizes.vocabulary} at width ${narrow}, expected the teacher's ${teacher.encoder.sizes.vocabulary} at ${wide} or less.`,
      { narrow, wide },
    );
  const space = await principalComponents([{ embeddings: words.embeddings, dimension: wide }], { dimension: narrow });
  const weights: { [name: string]: ParameterValues } = { ...student.weights };
  for (const { name, rows, embeddings } of tables) {
    const own = name === words.name ? space.mean : meanRow(embeddings, wide);
    const { embeddings: values } = projectRows({ embeddings, dimension: wide }, { ...space, mean: own });
    weights[name] = { shape: [rows, narrow], values };
  }
  const kept = space.variances.reduce((sum, variance) => sum + variance, 0);
  return { student: { ...student, weights }, share: kept / space.totalVariance };
}

function meanRow(embeddings: Float32Array, dimension: number): Float64Array {
  const mean = new Float64Array(dimension);
  const rows = embeddings.length / dimension;
  for (const [i, value] of embeddings.entries()) mean[i % dimension]! += value / rows; // i % dimension < dimension
  return mean;
}

/**
 * The student with vectors as long as its teacher's: a linear layer (a Dense module of sentence-transformers) between its pooling and its end,
 * which is saved with it, so that what the teacher has indexed is found by the student. With vectors of that length it stays as it is.
 *
 * @param dimension of the teacher's vectors
 *
 * @example
 * ```ts ignore
 * import { studentInTeachersSpace } from "@kindred/distillation";
 *
 * const student = studentInTeachersSpace(config, made, { dimension: 768, normalized: true });
 * student.modules.map(({ kind }) => kind); // => ["Pooling", "Dense", "Normalize"]
 * ```
 */
export function studentInTeachersSpace(
  { seed }: Pick<TrainConfig, "seed">,
  student: TrainableModel,
  { dimension, normalized }: { readonly dimension: number; readonly normalized: boolean },
): TrainableModel {
  const [pooling, ...after] = student.modules;
  const inFeatures = sentenceDimension(student.modules);
  const isLast = endsNormalized(student.modules);
  const rest = isLast
    ? after.slice(
        0,
        after.findLastIndex(({ kind }) => kind === "Normalize"),
      )
    : after;
  const layer: VectorModule = {
    kind: "Dense",
    path: `${rest.length + 2}_Dense`,
    inFeatures,
    outFeatures: dimension,
    bias: true,
    activation: "identity",
    residual: false,
  };
  const dense = inFeatures === dimension ? [] : [layer];
  const modules: SentenceModules = [
    pooling,
    ...rest,
    ...dense,
    ...(normalized ? [{ kind: "Normalize" } as const] : []),
  ];
  const specs = moduleSpecs([pooling, ...dense]).map((spec) => ({ ...spec, deviation: inFeatures ** -0.5 }));
  const added = initialParameters(specs, childKey(keyFromSeed(seed), "into the teacher's space"));
  return { ...student, modules, weights: { ...student.weights, ...added } };
}
