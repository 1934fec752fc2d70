import { arrangementCases } from "./arrangement-cases.ts";
import { elementwiseCases } from "./elementwise-cases.ts";
import type { OpCase } from "./op-case.ts";
import { productCases } from "./product-cases.ts";
import { structureCases } from "./structure-cases.ts";

/** Every operation of a graph but the collectives. */
export const allOpCases: readonly OpCase[] = [
  ...elementwiseCases,
  ...arrangementCases,
  ...productCases,
  ...structureCases,
];
