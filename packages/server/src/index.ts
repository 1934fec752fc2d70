export { createServer, type EmbeddingServer, type ServerOptions } from "./create-server.ts";
