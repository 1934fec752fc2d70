export { bert } from "./bert.ts";
export { camembert, roberta, xlmRoberta } from "./roberta.ts";
