// Makes an example a program that checks itself: each `// => value` becomes a comparison.
import ts from "typescript";

/** @import { Example } from "./extract.mjs" */

/**
 * @typedef {{ readonly code: string, readonly checks: readonly number[] }} CompiledExample
 * code is an ES module that expects `$kindred` (runtime.mjs) on globalThis; checks are the lines it must reach.
 */

/**
 * Compiles an example to JavaScript. A statement followed by `// => value`, on its last line or alone on the next, is checked;
 * a value may go on in further comment lines. Of `const x = …` the checked value is x, of `console.log(x)` it is x.
 *
 * @param {Example} example
 * @returns {CompiledExample}
 * @throws {SyntaxError} when a `// =>` belongs to no statement, or holds no JavaScript value.
 */
export function compileExample(example) {
  const source = ts.createSourceFile("example.ts", example.code, ts.ScriptTarget.Latest, true);
  const lines = example.code.split("\n");
  const expectations = expectedValues(lines);
  /** @type {{ at: number, remove: number, insert: string }[]} */
  const edits = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isStatement(node) && !ts.isBlock(node) && isInBody(node)) {
      const start = node.getStart(source);
      const line = example.line + source.getLineAndCharacterOfPosition(start).line;
      const lastLine = source.getLineAndCharacterOfPosition(node.end).line;
      if (!ts.isImportDeclaration(node)) edits.push({ at: start, remove: 0, insert: `$kindred.at(${line});` });
      const expected = expectations.get(lastLine);
      if (expected !== undefined && !ts.isImportDeclaration(node) && isLastOnLine(source, node)) {
        expectations.delete(lastLine);
        edits.push(checkOf(source, node, example.line + lastLine, expected));
      }
    }
    ts.forEachChild(node, visit);
  };
  const checks = [...expectations.keys()].map((line) => example.line + line);
  visit(source);
  const [orphan] = expectations.keys();
  if (orphan !== undefined) {
    throw new SyntaxError(`${example.file}:${example.line + orphan}: "// =>" follows no statement that has a value.`);
  }
  return { code: toJavaScript(applyEdits(example.code, edits)), checks };
}

/**
 * The expected values by the line (from 0) of the statement that they belong to.
 *
 * @param {readonly string[]} lines
 */
function expectedValues(lines) {
  /** @type {Map<number, string>} */
  const values = new Map();
  for (const [index, line] of lines.entries()) {
    const match = /^(.*?)\/\/ =>(.*)$/.exec(line);
    if (match === null) continue;
    const alone = match[1]?.trim() === "";
    let value = match[2]?.trim() ?? "";
    // A value goes on in the comment lines below it for as long as it is not complete.
    for (let next = index + 1; !isExpression(value) && /^\s*\/\/(?! =>)/.test(lines[next] ?? ""); next++) {
      value += `\n${lines[next]?.replace(/^\s*\/\//, "")}`;
    }
    let owner = alone ? index - 1 : index;
    while (alone && owner > 0 && lines[owner]?.trim() === "") owner--;
    values.set(owner, value);
  }
  return values;
}

/**
 * @param {ts.SourceFile} source
 * @param {ts.Statement} node
 * @param {number} line
 * @param {string} value
 */
function checkOf(source, node, line, value) {
  const expected = `() => (${withTolerances(value)})`;
  if (ts.isVariableStatement(node)) {
    const declaration = node.declarationList.declarations.at(-1);
    const name = declaration?.name.getText(source) ?? "";
    return {
      at: node.end,
      remove: 0,
      insert: `$kindred.check(${line}, ${JSON.stringify(name)}, (${name}), ${expected});`,
    };
  }
  if (!ts.isExpressionStatement(node)) {
    throw new SyntaxError(`line ${line}: "// =>" needs an expression or a declaration.`);
  }
  const text = checkedExpression(node.expression).getText(source);
  return {
    at: node.getStart(source),
    remove: node.end - node.getStart(source),
    insert: `$kindred.check(${line}, ${JSON.stringify(text)}, (${text}), ${expected});`,
  };
}

/** What `console.log(x)` shows is x; of anything else, itself. */
function checkedExpression(/** @type {ts.Expression} */ expression) {
  const printed =
    ts.isCallExpression(expression) && expression.expression.getText() === "console.log" ? expression.arguments : [];
  return printed.length === 1 && printed[0] !== undefined ? printed[0] : expression;
}

/**
 * A value's text in which each number with a decimal point is compared to the digits shown.
 *
 * @param {string} value
 */
function withTolerances(value) {
  if (!isExpression(value)) throw new SyntaxError(`"// => ${value}" is no JavaScript value.`);
  const source = ts.createSourceFile("value.ts", `(${value})`, ts.ScriptTarget.Latest, true);
  /** @type {{ at: number, remove: number, insert: string }[]} */
  const edits = [];
  const visit = (/** @type {ts.Node} */ node) => {
    const negative = ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken;
    const number = negative ? node.operand : node;
    if (ts.isNumericLiteral(number) && number.getText(source).includes(".")) {
      const text = node.getText(source);
      const [mantissa = "", exponent = "0"] = number.getText(source).toLowerCase().split("e");
      const digits = (mantissa.split(".")[1] ?? "").length - Number(exponent);
      const at = node.getStart(source);
      edits.push({ at, remove: text.length, insert: `$kindred.near(${text}, ${digits})` });
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return applyEdits(`(${value})`, edits);
}

/** Whether a text is exactly one expression. */
function isExpression(/** @type {string} */ text) {
  const { diagnostics = [] } = ts.transpileModule(`(${text}\n);`, { reportDiagnostics: true });
  const source = ts.createSourceFile("value.ts", `(${text}\n);`, ts.ScriptTarget.Latest);
  return diagnostics.length === 0 && source.statements.length === 1 && text.trim() !== "";
}

/** Whether a statement stands in a list of statements, so that another may be put before or after it. */
function isInBody(/** @type {ts.Statement} */ node) {
  return ts.isSourceFile(node.parent) || ts.isBlock(node.parent);
}

/**
 * @param {ts.SourceFile} source
 * @param {ts.Statement} node
 */
function isLastOnLine(source, node) {
  const rest = source.text.slice(node.end).split("\n")[0]?.trim() ?? "";
  return rest === "" || rest.startsWith("//");
}

/**
 * @param {string} text
 * @param {readonly { at: number, remove: number, insert: string }[]} edits
 */
function applyEdits(text, edits) {
  // From the last to the first, so that positions stay right; of two at one place the later made goes in first.
  const ordered = edits.map((edit, order) => ({ ...edit, order })).sort((a, b) => b.at - a.at || b.order - a.order);
  return ordered.reduce((done, { at, remove, insert }) => done.slice(0, at) + insert + done.slice(at + remove), text);
}

/** @param {string} text */
function toJavaScript(text) {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return outputText;
}
