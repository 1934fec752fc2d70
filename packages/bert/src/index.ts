export { bert } from "./bert.ts";
