import { serveThread } from "./serve-thread.ts";
import { webPort } from "./thread.ts";

// What a web worker runs. It has no exports: it is started by its URL.
serveThread(webPort());
