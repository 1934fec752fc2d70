export { mpnet } from "./mpnet.ts";
export { relativeBucket } from "./relative-buckets.ts";
