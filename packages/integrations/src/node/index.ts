export { createKindred, kindred, type LocalProvider } from "./kindred.ts";
export { type ModelShelf, modelShelf, type ModelShelfOptions } from "./model-shelf.ts";
