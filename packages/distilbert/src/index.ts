export { distilbert } from "./distilbert.ts";
