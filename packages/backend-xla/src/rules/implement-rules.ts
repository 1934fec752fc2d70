import { implementDefaults } from "../implement-rule.ts";
import { implementAdamw } from "./adamw.ts";
import { implementArithmetic } from "./arithmetic.ts";
import { implementAttention } from "./attention.ts";
import { implementCollectives } from "./collectives.ts";
import { implementDropout } from "./dropout.ts";
import { implementGelu } from "./gelu.ts";
import { implementL2Normalize } from "./l2-normalize.ts";
import { implementLayerNorm } from "./layer-norm.ts";
import { implementPooling } from "./pooling.ts";
import { implementProducts } from "./products.ts";
import { implementSegmentMax } from "./segment-max.ts";
import { implementSoftmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import { implementTables } from "./tables.ts";

/**
 * Implements every op of `@kindred/nn`, and the collectives, where nobody has done so before. What has no rule is recorded as its composite, op
 * by op.
 */
export function implementRules(): void {
  implementDefaults(() => {
    implementTables();
    implementLayerNorm();
    implementDropout();
    implementProducts();
    implementGelu();
    implementAttention();
    implementPooling();
    implementSegmentMax();
    implementArithmetic();
    implementL2Normalize();
    implementSoftmaxCrossEntropy();
    implementAdamw();
    implementCollectives();
  });
}
