// docs/walkthrough.md: what it lists, and a first page to begin from.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { root } from "../node-runtime.mjs";

/** The page's two headings. */
export const headings = { text: "A text's way to its vector", pair: "A pair's way to an updated weight" };

/**
 * The stops that the page lists under a heading, in its order: where the first link of each item leads.
 *
 * @param {string} page
 * @param {string} heading
 */
export function listedStops(page, heading) {
  const [, after = ""] = page.split(`\n## ${heading}\n`);
  const [section = ""] = after.split("\n## ");
  const links = section.matchAll(/^(?:\d+\.|-) +\[[^\]]*\]\(([^)]+)\)/gm);
  return [...links].map(([, target = ""]) => posix.join("docs", target.replace(/\/README\.md$/, "")));
}

/**
 * A first page: every stop, with the first sentence of what its file says of itself. What is on it is right; the order in which a
 * reader follows, and the line at each stop, are for people to write.
 *
 * @param {{ text: readonly string[], pair: readonly string[] }} stops
 */
export function firstPage({ text, pair }) {
  const list = (/** @type {readonly string[]} */ stops) =>
    stops.map((stop, i) => `${i + 1}. [\`${labelOf(stop)}\`](${linkOf(stop)}): ${sentenceOf(stop)}`).join("\n");
  return `# Walkthrough

## ${headings.text}

${list(text)}

## ${headings.pair}

${list(pair)}
`;
}

/** @param {string} stop */
function labelOf(stop) {
  return isPackage(stop) ? `@kindred/${posix.basename(stop)}` : stop;
}

/** @param {string} stop */
function linkOf(stop) {
  return `../${stop}${isPackage(stop) ? "/README.md" : ""}`;
}

/** @param {string} stop */
function isPackage(stop) {
  return !stop.endsWith(".ts");
}

/** What a file's last exported function is said to give, or a package is said to be. @param {string} stop */
function sentenceOf(stop) {
  if (isPackage(stop)) return readFileSync(join(root, stop, "README.md"), "utf8").split("\n")[2] ?? "";
  const source = readFileSync(join(root, stop), "utf8");
  const comments = [...source.matchAll(/\/\*\*\s*((?:(?!\*\/)[\s\S])*?)\*\/\s*export (?:async )?(?:function|class)/g)];
  const comment = (comments.at(-1)?.[1] ?? "").replace(/\n \* ?/g, " ").trim();
  return /^.*?[.:](?=\s|$)/.exec(comment)?.[0].replace(/:$/, ".") ?? comment;
}
