import { type SentenceModules, sentenceDimension, type VectorModule } from "@kindred/pooling";
import type { TrainableModel } from "@kindred/trainer";
import type { PrincipalComponents } from "@kindred/vectors";

/**
 * A model whose vectors are those of another in the space of some principal components: a linear layer without a shift behind its modules,
 * a Dense of sentence-transformers, and a normalisation. A student that learns those vectors finds what this model has encoded.
 *
 * @param components uncentred ones of its vectors, `"dimension features"`
 *
 * @example
 * ```ts ignore
 * import { teacherInComponents } from "@kindred/distillation";
 * import { principalComponents } from "@kindred/vectors";
 *
 * const { components } = await principalComponents(vectors, { dimension: 256, centre: false });
 * teacherInComponents(teacher, { components }).modules.at(-2); // { kind: "Dense", inFeatures: 768, outFeatures: 256, … }
 * ```
 */
export function teacherInComponents(
  model: TrainableModel,
  { components }: { readonly components: PrincipalComponents["components"] | Float32Array },
): TrainableModel {
  const inFeatures = sentenceDimension(model.modules);
  const outFeatures = components.length / inFeatures;
  const [pooling, ...after] = model.modules;
  const layer: VectorModule = {
    ...{ kind: "Dense", path: `${after.length + 2}_Dense`, inFeatures, outFeatures },
    ...{ bias: false, activation: "identity", residual: false },
  };
  const modules: SentenceModules = [pooling, ...after, layer, { kind: "Normalize" }];
  const values = Float32Array.from(components);
  const weight = { shape: [outFeatures, inFeatures], values };
  const settings = { ...model.settings, matryoshkaDimensions: undefined }; // of numbers that these vectors no longer have
  return { ...model, modules, settings, weights: { ...model.weights, [`${layer.path}.linear.weight`]: weight } };
}
