export { type GradCacheOptions, type GradCacheResult, gradCache } from "./grad-cache.ts";
