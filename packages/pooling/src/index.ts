export { type PoolingConfig, poolingFromConfig } from "./pooling-from-config.ts";
export { type PoolingMode, poolingModes } from "./pooling-mode.ts";
export { type PoolOptions, pool } from "./pool.ts";
export { l2Normalize } from "@kindred/nn";
export { poolingConfig } from "./pooling-config.ts";
