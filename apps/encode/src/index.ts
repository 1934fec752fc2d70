export { main } from "./main.ts";
export { serveFlags } from "./serve.ts";
