import { pageScript } from "./page-script.ts";

const script = `(${pageScript.toString()})();`;

const style = `
body { font: 16px/1.5 system-ui, sans-serif; color: #111827; background: #fff; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
[hidden] { display: none !important; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; } form { display: grid; gap: .5rem; } label { display: grid; gap: .1rem; font-size: .9rem; color: #4b5563; }
input, textarea, select, button { font: inherit; padding: .4rem .6rem; border: 1px solid #9ca3af; border-radius: .3rem; color: inherit; background: inherit; } textarea { min-height: 9rem; }
button { justify-self: start; background: #1d4ed8; border-color: #1d4ed8; color: #fff; cursor: pointer; } :focus-visible { outline: 3px solid #93c5fd; }
table { border-collapse: collapse; width: 100%; margin-top: .6rem; } td { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e5e7eb; vertical-align: top; } .number { font-variant-numeric: tabular-nums; white-space: nowrap; }
meter { width: 100%; } .token { display: inline-block; margin: .1rem; padding: .05rem .35rem; border-radius: .25rem; background: #dbeafe; white-space: pre; } .special { background: #e5e7eb; color: #4b5563; } .small { color: #4b5563; font-size: .9rem; } #status { min-height: 1.5em; }
@media (prefers-color-scheme: dark) { body { background: #111827; color: #f3f4f6; } label, .small { color: #9ca3af; } td { border-color: #374151; } .token { background: #1e3a8a; } .special { background: #374151; color: #d1d5db; } option { color: #111827; } }
`;

/** The page at `/`: nothing in it comes from anywhere else. */
export const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<title>Kindred</title>
<style>${style}</style></head><body>
<h1>Kindred</h1>
<p class="small">Sentence vectors from this machine. <a href="/openapi.json">The routes</a> · <a href="/metrics">metrics</a></p>
<form><label>Model <select id="model"></select></label><label id="asked-key" hidden>Key <input id="key" type="password" autocomplete="off"></label></form>
<p id="status" class="small" role="status"></p>
<h2>How alike are two texts?</h2>
<form id="compare"><label>First <input id="first" value="A cat sat on the mat."></label><label>Second <input id="second" value="A kitten was sitting on a rug."></label>
<button>Compare</button></form>
<p><output id="score" for="first second" class="number"></output></p><meter id="meter" min="0" max="1" value="0" aria-label="similarity"></meter>
<h2>Search a list</h2>
<form id="search"><label>Query <input id="query" value="Where do cats sleep?"></label>
<label>Texts, one a line <textarea id="list">Cats like warm places, and sleep on radiators.
The stock market fell on Friday.
A kitten lay down on a rug.
Boil the pasta for nine minutes.</textarea></label>
<button>Search</button></form>
<table><tbody id="ranking"></tbody></table>
<h2>Tokens of a text</h2>
<form id="tokenize"><label>Text <input id="text" value="Unbelievable: tokens are pieces of words."></label><button>Show</button></form>
<p id="tokens"></p><p id="count" class="small"></p>
<script>${script}</script></body></html>
`;

let policy: Promise<string> | undefined;

/** What a browser may run and load of it: the script and the style that stand in it, by their digests, and requests to this server. */
export function pagePolicy(): Promise<string> {
  policy ??= Promise.all([script, style].map(digest)).then(([scriptDigest, styleDigest]) =>
    [
      "default-src 'none'",
      `script-src ${scriptDigest}`,
      `style-src ${styleDigest}`,
      "connect-src 'self'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
  );
  return policy;
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `'sha256-${btoa(String.fromCharCode(...bytes))}'`;
}
