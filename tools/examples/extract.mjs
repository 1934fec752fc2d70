// The executable examples in a text: every ```ts fence of a Markdown file, or of the TSDoc comments of a source file.

/**
 * @typedef {{ readonly file: string, readonly line: number, readonly code: string, readonly ignored: boolean }} Example
 * line is the file's line, counted from 1, of the first line of code; ignored examples (```ts ignore) are not run.
 */

/**
 * @param {string} file decides how the text is read: .ts has its examples in TSDoc comments.
 * @param {string} text
 * @returns {Example[]}
 */
export function extractExamples(file, text) {
  return fences(file.endsWith(".ts") ? commentLines(text) : text.split("\n")).map((fence) => ({ file, ...fence }));
}

/**
 * The lines of a text, all but those of TSDoc comments made empty, and those without their leading asterisk: line numbers stay.
 *
 * @param {string} text
 */
function commentLines(text) {
  let inside = false;
  return text.split("\n").map((line) => {
    if (!inside && /^\s*\/\*\*/.test(line)) inside = !line.includes("*/");
    else if (inside && line.includes("*/")) inside = false;
    else if (inside) return line.replace(/^\s*\* ?/, "");
    return "";
  });
}

/** @param {readonly string[]} lines */
function fences(lines) {
  const found = [];
  /** @type {{ mark: string, line: number, isExample: boolean, ignored: boolean, code: string[] } | undefined} */
  let open;
  for (const [index, line] of lines.entries()) {
    const fence = /^\s*(```+|~~~+)\s*(.*?)\s*$/.exec(line);
    if (open === undefined && fence !== null) {
      const [language, ...options] = (fence[2] ?? "").split(/\s+/);
      const isExample = language === "ts" || language === "typescript";
      open = { mark: fence[1] ?? "", line: index + 2, isExample, ignored: options.includes("ignore"), code: [] };
    } else if (open !== undefined && fence !== null && fence[1] === open.mark && fence[2] === "") {
      if (open.isExample) found.push({ line: open.line, code: open.code.join("\n"), ignored: open.ignored });
      open = undefined;
    } else {
      open?.code.push(line);
    }
  }
  return found;
}
