export { mpnet, relativeBucket } from "./mpnet.ts";
