// Requests that no server should take, over connections of their own, and what becomes of them.
import { connect } from "node:net";

/**
 * What is sent over one connection.
 *
 * @typedef {object} Malformed
 * @property {string} kind
 * @property {readonly (string | Buffer)[]} parts one after another
 * @property {"wait" | "abort" | "half"} ending the answer is waited for; or the connection is torn down, or its sending half closed
 */

/** Numbers from 0 up to 1, the same for a seed. @param {number} seed */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const routes = ["/embed", "/embed_all", "/similarity", "/tokenize", "/v1/embeddings"];

/** @param {string} route @param {unknown} value as the texts */
const bodyOf = (route, value) =>
  route === "/v1/embeddings"
    ? { input: value }
    : { inputs: route === "/similarity" ? { source_sentence: "a", sentences: value } : value };

/** @param {string} route @param {string | Buffer} body @param {string} [headers] @returns {(string | Buffer)[]} */
function posted(route, body, headers = "content-type: application/json\r\n") {
  const length = Buffer.byteLength(body);
  return [
    `POST ${route} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}content-length: ${length}\r\n\r\n`,
    body,
  ];
}

/** Each kind by its name: what to send, drawn anew at each call. @type {Record<string, (random: () => number, route: string) => Omit<Malformed, "kind">>} */
const kinds = {
  "bad JSON": (random, route) => {
    const whole = JSON.stringify(bodyOf(route, ["the cat", "sat"]));
    const cut = whole.slice(0, 1 + Math.floor(random() * (whole.length - 1)));
    return waiting(posted(route, random() < 0.5 ? cut : `${whole}${"]},"[Math.floor(3 * random())]}`));
  },
  "bytes that are no text": (random, route) =>
    waiting(
      posted(route, Buffer.from(Array.from({ length: 1 + Math.floor(200 * random()) }, () => 128 + 127 * random()))),
    ),
  "a huge list": (random, route) =>
    waiting(posted(route, JSON.stringify(bodyOf(route, Array(2049 + Math.floor(20_000 * random())).fill(""))))),
  "a huge body": (random, route) =>
    waiting(posted(route, JSON.stringify(bodyOf(route, "a ".repeat(1_000_000 + Math.floor(1_000_000 * random())))))),
  "a huge list of numbers": (random, route) =>
    waiting(posted(route, JSON.stringify(bodyOf(route, Array(100_000 + Math.floor(100_000 * random())).fill(1e9))))),
  "a wrong type": (random, route) => {
    const values = [1, null, true, {}, [null], [{}], [["a"]], [1.5], -1, [[]], { a: 1 }];
    return waiting(posted(route, JSON.stringify(bodyOf(route, values[Math.floor(values.length * random())]))));
  },
  "a wrong field": (random, route) => {
    const fields = [
      { dimensions: 0 },
      { dimensions: "8" },
      { truncate: "yes" },
      { model: 7 },
      { inptus: "a" },
      { prompt_name: "nowhere" },
    ];
    const field = fields[Math.floor(fields.length * random())];
    const body = JSON.stringify({ ...bodyOf(route, ["a"]), ...field, no_such_field: 1 });
    return waiting(posted(route, random() < 0.3 ? '{"__proto__": {"inputs": "a"}}' : body));
  },
  "half of a surrogate pair": (random, route) =>
    waiting(posted(route, JSON.stringify(bodyOf(route, [random() < 0.5 ? "a\ud800" : "\udc00b"])))),
  "deep nesting": (random, route) => {
    const deep = 9 + Math.floor(100_000 * random());
    const [open, close] = random() < 0.5 ? ["[", "]"] : ['{"a":', "}"];
    return waiting(posted(route, `{"inputs":${open.repeat(deep)}1${close.repeat(deep)}}`));
  },
  "another type": (random, route) =>
    waiting(posted(route, JSON.stringify(bodyOf(route, "a")), random() < 0.5 ? "" : "content-type: text/plain\r\n")),
  "no such route": (random) => waiting(posted(`/${Math.floor(1e9 * random())}`, "{}")),
  "no HTTP": (random) => {
    const lines = [
      "\0\0\0\0\r\n\r\n",
      "GET\r\n\r\n",
      "POST /embed HTTP/9.9\r\n\r\n",
      "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
    ];
    return waiting([lines[Math.floor(lines.length * random())] ?? ""]);
  },
  "headers that contradict": (random, route) => {
    const headers = [
      "content-length: 5\r\ncontent-length: 6\r\n",
      "content-length: -1\r\n",
      "content-length: 3\r\ntransfer-encoding: chunked\r\n",
      `x: ${"a".repeat(20_000)}\r\n`,
    ];
    const chosen = headers[Math.floor(headers.length * random())];
    return waiting([`POST ${route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${chosen}\r\n{}`]);
  },
  "chunks that are none": (random, route) => {
    const head = `POST ${route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    return waiting([head, random() < 0.5 ? "zz\r\n{}\r\n" : "2\r\n{}}}}\r\n"]);
  },
  "a slow body": (random, route) => {
    const [head = "", body = ""] = posted(route, JSON.stringify(bodyOf(route, "the cat sat")));
    return waiting([head, body.slice(0, Math.floor(20 * random()))]);
  },
  "half a head": (random, route) => {
    const head = `POST ${route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    return {
      parts: [head.slice(0, 1 + Math.floor(random() * (head.length - 1)))],
      ending: random() < 0.5 ? "half" : "wait",
    };
  },
  "given up in its body": (random, route) => {
    const [head = "", body = ""] = posted(route, JSON.stringify(bodyOf(route, Array(500).fill("the cat sat"))));
    return { parts: [head, body.slice(0, Math.floor(body.length * random()))], ending: "abort" };
  },
  "given up before its answer": (random, route) => ({
    parts: posted(route, JSON.stringify(bodyOf(route, Array(1 + Math.floor(500 * random())).fill("the cat sat")))),
    ending: "abort",
  }),
};

/** @param {readonly (string | Buffer)[]} parts @returns {Omit<Malformed, "kind">} */
const waiting = (parts) => ({ parts, ending: "wait" });

/**
 * So many requests, of each kind in turn, the same for a seed.
 *
 * @param {number} count
 * @param {number} seed
 * @returns {Malformed[]}
 */
export function malformedRequests(count, seed) {
  const random = randomFrom(seed);
  const entries = Object.entries(kinds);
  return Array.from({ length: count }, (_, i) => {
    const [kind, draw] = entries[i % entries.length] ?? ["", () => waiting([])]; // there are some
    return { kind, ...draw(random, routes[Math.floor(routes.length * random())] ?? "") };
  });
}

/** A server that keeps a connection so long without an answer, and without closing it, has forgotten it. */
const patienceMs = 30_000;

/**
 * Sends one, and gives the status of its answer; `"closed"` where the connection was closed without, `"given up"` where this side did,
 * `"forgotten"` where nothing came of it.
 *
 * @param {string} url of the server
 * @param {Malformed} request
 * @returns {Promise<number | "closed" | "given up" | "forgotten">}
 */
export function send(url, { parts, ending }) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part);
      if (ending === "half") socket.end();
      if (ending === "abort") setTimeout(() => socket.destroy(), 20);
    });
    const timer = setTimeout(() => {
      resolve("forgotten");
      socket.destroy();
    }, patienceMs);
    socket.on("data", (data) => {
      received += data.toString("latin1");
      if (/^HTTP\/1\.1 \d{3} /.test(received)) socket.end();
    });
    socket.on("error", () => {}); // "close" follows: a server may close while more is being sent
    socket.on("close", () => {
      clearTimeout(timer);
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(received) ?? [];
      resolve(status !== undefined ? Number(status) : ending === "abort" ? "given up" : "closed");
    });
  });
}

/**
 * Sends requests, some at once, and gives by kind how often each outcome came.
 *
 * @param {string} url
 * @param {readonly Malformed[]} requests
 * @param {{ atOnce?: number }} [options]
 * @returns {Promise<Record<string, Record<string, number>>>}
 */
export async function sendAll(url, requests, { atOnce = 16 } = {}) {
  /** @type {Record<string, Record<string, number>>} */
  const outcomes = {};
  const left = requests.values();
  const work = async () => {
    for (const request of left) {
      const outcome = await send(url, request);
      const ofKind = outcomes[request.kind] ?? {};
      outcomes[request.kind] = { ...ofKind, [outcome]: (ofKind[outcome] ?? 0) + 1 };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

/**
 * The outcomes that are not as they should be: neither an error of the client's, nor closed.
 *
 * @param {Record<string, Record<string, number>>} outcomes
 * @returns {string[]}
 */
export function faultsOf(outcomes) {
  return Object.entries(outcomes).flatMap(([kind, ofKind]) =>
    Object.keys(ofKind)
      .filter(
        (outcome) =>
          !/^4\d\d$|^closed$|^given up$/.test(outcome) && !(outcome === "200" && kind.startsWith("given up")),
      )
      .map((outcome) => `${kind}: ${outcome}, ${ofKind[outcome]} times`),
  );
}

/**
 * What is wrong with a server that should be idle and well; nothing if nothing is.
 *
 * @param {string} url
 * @returns {Promise<string | undefined>}
 */
export async function illnessOf(url) {
  for (const path of ["/health", "/ready"]) {
    const { status } = await fetch(`${url}${path}`);
    if (status !== 200) return `${path} says ${status}`;
  }
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/embed`, { method: "POST", headers, body: '{"inputs": ["the cat", "sat"]}' });
  const rows = /** @type {unknown} */ (await answer.json());
  if (answer.status !== 200 || !Array.isArray(rows) || rows.length !== 2) return `/embed says ${answer.status}`;
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const waiting = ["te_request_in_work", "te_queue_size"].find((name) => !new RegExp(`^${name} 0$`, "m").test(metrics));
  return waiting === undefined ? undefined : `${waiting} is not 0`;
}
