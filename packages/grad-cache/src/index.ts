export { gradCache, type GradCacheOptions, type GradCacheResult } from "./grad-cache.ts";
export { expectReplay } from "./expect-replay.ts";
