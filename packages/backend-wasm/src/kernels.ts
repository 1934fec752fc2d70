import type { WasmBackend } from "@kindred/tensor";
import type { KernelExports } from "./generated/kernel-exports.ts";
import type { Kernel } from "./kernel-call.ts";
import { adamwKernel, sumOfSquaresKernel } from "./kernels/adamw.ts";
import { attentionGradientKernel, attentionKernel } from "./kernels/attention.ts";
import { dropoutKernel } from "./kernels/dropout.ts";
import { addKernel, scaleKernel, sumKernel } from "./kernels/elementwise.ts";
import { embeddingGradientKernel, embeddingKernel, gatherRowsKernel } from "./kernels/gather-rows.ts";
import { geluGradientKernel, geluKernel, geluLinearGradientKernel, geluLinearKernel } from "./kernels/gelu.ts";
import { l2NormalizeGradientKernel, l2NormalizeKernel } from "./kernels/l2-normalize.ts";
import { addLayerNormKernel, layerNormGradientKernel, layerNormKernel } from "./kernels/layer-norm.ts";
import {
  columnSumsKernel,
  linearKernel,
  matmulKernel,
  matmulTransposedKernel,
  packWeightKernel,
  transposedMatmulKernel,
} from "./kernels/linear.ts";
import {
  meanPoolGradientKernel,
  meanPoolKernel,
  segmentMaxGradientKernel,
  segmentMaxKernel,
  weightedPoolGradientKernel,
  weightedPoolKernel,
} from "./kernels/pooling.ts";
import { positionBiasGradientKernel, positionBiasKernel } from "./kernels/position-bias.ts";
import { softmaxCrossEntropyGradientKernel, softmaxCrossEntropyKernel } from "./kernels/softmax-cross-entropy.ts";
import { scratchArena } from "./scratch-arena.ts";

/** Every kernel of this package, by the op it implements. A new one is added here. */
export const kernels: readonly Kernel[] = [
  linearKernel,
  packWeightKernel,
  matmulKernel,
  matmulTransposedKernel,
  transposedMatmulKernel,
  columnSumsKernel,
  attentionKernel,
  attentionGradientKernel,
  dropoutKernel,
  addKernel,
  scaleKernel,
  sumKernel,
  embeddingKernel,
  gatherRowsKernel,
  embeddingGradientKernel,
  geluKernel,
  geluGradientKernel,
  geluLinearKernel,
  geluLinearGradientKernel,
  l2NormalizeKernel,
  l2NormalizeGradientKernel,
  layerNormKernel,
  addLayerNormKernel,
  layerNormGradientKernel,
  meanPoolKernel,
  weightedPoolKernel,
  meanPoolGradientKernel,
  weightedPoolGradientKernel,
  segmentMaxKernel,
  segmentMaxGradientKernel,
  positionBiasKernel,
  positionBiasGradientKernel,
  softmaxCrossEntropyKernel,
  softmaxCrossEntropyGradientKernel,
  adamwKernel,
  sumOfSquaresKernel,
];

/** Lets a module's functions implement the ops on the wasm backend, until the returned function gives these their former kernels back. */
export function replaceKernels(exports: KernelExports, backend: WasmBackend): () => void {
  const arena = scratchArena(backend.wasm);
  const givesBack = kernels.map(({ start }) => start(exports, backend, arena));
  return () => {
    for (const giveBack of givesBack) giveBack();
    arena.release();
  };
}
