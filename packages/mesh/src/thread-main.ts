import { serveCore } from "./serve-core.ts";
import { webPort } from "./thread.ts";

// What a web worker runs. It has no exports: start-mesh.ts starts it by its URL.
serveCore(webPort());
