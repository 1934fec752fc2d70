export { enableRevectorization } from "./enable-revectorization.ts";
