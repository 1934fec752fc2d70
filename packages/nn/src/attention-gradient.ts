import { defineOp, type Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionData, AttentionFixed } from "./attention.ts";
import { type AttentionBlocks, attentionBlocks } from "./attention-blocks.ts";
import { attentionDropoutMask } from "./attention-dropout.ts";
import { attentionWeights } from "./attention-weights.ts";
import { diagonalSums } from "./bias-matrix.ts";
import { blockMatMul } from "./block-matmul.ts";
import { fromBlocks, intoBlocks, stack, stackTransposed, unstack } from "./block-rows.ts";

type Inputs = {
  readonly dy: Float<"tokens hidden">;
  readonly q: Float<"tokens hidden">;
  readonly k: Float<"tokens hidden">;
  readonly v: Float<"tokens hidden">;
  readonly bias: Float<"heads distances">;
};

/**
 * The gradient of attention as an op that a backend may implement: [dq, dk, dv, dbias] from dy and attention's inputs.
 *
 * With the weights P computed again, the dropout mask D drawn again and W = P∘D: dv = Wᵀ·dy, dP = (dy·vᵀ)∘D,
 * dS = P∘(dP − Σ_key dP∘P), dq = dS·k/√size, dk = dSᵀ·q/√size, and dbias sums dS over all pairs at a distance.
 */
export const attentionGradientOp = defineOp<
  Inputs,
  AttentionData,
  AttentionFixed,
  [dq: Float<"tokens hidden">, dk: Float<"tokens hidden">, dv: Float<"tokens hidden">, dbias: Float<"heads distances">]
>({
  name: "KindredAttentionGradient",
  check: () => {},
  composite: (inputs, data, fixed) => {
    const plan = attentionBlocks(data, fixed);
    const groups = plan.groups.map((blocks) => tf.tidy(() => blockGradients(inputs, data, fixed, blocks)));
    const hidden = inputs.q.shape[1]!;
    const inRows = (name: "dq" | "dk" | "dv") =>
      fromBlocks(
        groups.map((group) => group[name]),
        plan,
        hidden,
      );
    const dbias = groups.reduce((sum: Float, group) => tf.add(sum, group.dbias), tf.zeros(inputs.bias.shape));
    return [inRows("dq"), inRows("dk"), inRows("dv"), dbias];
  },
});

function blockGradients(
  { dy, q, k, v, bias }: Inputs,
  data: AttentionData,
  fixed: AttentionFixed,
  blocks: AttentionBlocks,
) {
  const { heads } = fixed;
  const [qBlocks, kBlocks] = [intoBlocks(q, blocks, heads), intoBlocks(k, blocks, heads)];
  const weights = attentionWeights({ q: qBlocks, k: kBlocks, bias }, blocks);
  const kept = data.key && attentionDropoutMask(blocks, data, fixed);
  const dyBlocks = tf.mul(intoBlocks(dy, blocks, heads), slotMask(blocks)) as tf.Tensor4D;
  const dyStack = stack(dyBlocks);
  const dv = blockMatMul(tf.transpose(kept ? tf.mul(weights, kept) : weights, [0, 2, 1]), dyStack);
  const dKept = blockMatMul(dyStack, stackTransposed(intoBlocks(v, blocks, heads)));
  const dWeights = kept ? tf.mul(dKept, kept) : dKept;
  const perQuery = tf.sum(tf.mul(dWeights, weights), 2, true);
  const dScores = tf.mul(weights, tf.sub(dWeights, perQuery)) as tf.Tensor3D;
  const scale = 1 / Math.sqrt(q.shape[1]! / heads);
  const { count, length } = blocks;
  const overBlocks = tf.reshape(tf.sum(tf.reshape(dScores, [count, heads * length * length]), 0), [
    heads,
    length,
    length,
  ]);
  return {
    dq: tf.mul(unstack(blockMatMul(dScores, stack(kBlocks)), blocks, heads), scale) as tf.Tensor2D,
    dk: tf.mul(
      unstack(blockMatMul(tf.transpose(dScores, [0, 2, 1]), stack(qBlocks)), blocks, heads),
      scale,
    ) as tf.Tensor2D,
    dv: unstack(dv, blocks, heads),
    dbias: diagonalSums(overBlocks as tf.Tensor3D, bias.shape[1]!),
  };
}

/** 1 for slots that hold a token, 0 for those that hold nothing: [count, length, 1, 1]. */
function slotMask({ count, length, sentences }: AttentionBlocks): tf.Tensor4D {
  return tf.tensor4d(
    Float32Array.from(sentences, (sentence) => (sentence < 0 ? 0 : 1)),
    [count, length, 1, 1],
  );
}
