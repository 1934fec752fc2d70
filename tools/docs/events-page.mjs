// docs/events.md as text: every event of a run with its fields, made from the types.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "@kindred/options";
import ts from "typescript";
import { root } from "../node-runtime.mjs";

/** @typedef {{ readonly name: string, readonly type: string, readonly isOptional: boolean, readonly text: string }} Field */
/** @typedef {{ readonly text: string, readonly fields: readonly Field[], readonly others: readonly string[] }} Shape */

const aliases = new Map(
  ["data-events.ts", "train-event.ts"]
    .flatMap((name) =>
      parsed(join(root, "packages", "trainer", "src", name)).statements.filter(ts.isTypeAliasDeclaration),
    )
    .map((alias) => /** @type {const} */ ([alias.name.text, alias])),
);

/** @param {string} file */
function parsed(file) {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

/** The events by their names, in the order of the type. */
export function events() {
  const union = aliases.get("TrainEvent")?.type;
  if (union === undefined || !ts.isUnionTypeNode(union))
    throw new Error("events-page: TrainEvent is no union of events.");
  return union.types.map((member) => {
    const shape = shapeOf(member);
    const kind = shape.fields.find(({ name }) => name === "type")?.type ?? "";
    const text = shape.text === "" ? docBeforeBar(member) : shape.text;
    return {
      name: kind.replaceAll('"', ""),
      ...shape,
      text,
      fields: shape.fields.filter(({ name }) => name !== "type"),
    };
  });
}

/** The whole page. */
export function eventsPage() {
  const own = ["TrainEvent", "RunReader"];
  const parts = [...aliases]
    .filter(([name]) => !own.includes(name))
    .map(([name, { type }]) => ({ name, ...shapeOf(type), text: docOf(aliases.get(name)) }));
  return `# Events of a run

A run tells what happens as events: \`for await (const event of train(config))\`, each line of \`events.jsonl\` in the run's folder, and each line of standard output with
\`--json\`. Every event is plain JSON with a \`type\`; a field with a question mark may be missing. Numbers that are none (NaN) are \`null\` in JSON.

${docOf(aliases.get("TrainEvent"))}

A run that goes on forgets what came after the checkpoint that it goes on from, and its end; then follow a new \`start\` and \`data\`. This page is written by
\`node tools/docs/write-events.mjs\` from the types; those that are not on it, \`TrainConfig\` and \`Overlap\` for instance, are in the reference of \`@kindred/trainer\`.

${events()
  .map((event) => section("##", event))
  .join("\n\n")}

## What they hold

${parts.map((part) => section("###", part)).join("\n\n")}
`;
}

/** @param {string} level @param {Shape & { readonly name: string }} shape */
function section(level, { name, text, fields, others }) {
  const rows = fields.map((field) => [
    `\`${field.name}${field.isOptional ? "?" : ""}\``,
    `\`${field.type.replaceAll("|", "\\|")}\``,
    field.text,
  ]);
  const table = rows.length === 0 ? "" : markdownTable([["field", "type", "what it is"], ...rows]);
  const rest = others.length === 0 ? "" : `and the fields of ${others.map((other) => `\`${other}\``).join(", ")}.`;
  return [`${level} \`${name}\``, text, table, rest].filter((part) => part !== "").join("\n\n");
}

/** The fields of an object type, and the types that are joined to it. @param {ts.TypeNode} node @returns {Shape} */
function shapeOf(node) {
  if (ts.isParenthesizedTypeNode(node)) return { ...shapeOf(node.type), text: docOf(node) };
  if (ts.isTypeLiteralNode(node)) {
    const fields = node.members.filter(ts.isPropertySignature).map((member) => ({
      name: member.name.getText(),
      type: typeText(member.type),
      isOptional: member.questionToken !== undefined,
      text: docOf(member),
    }));
    return { text: docOf(node), fields, others: [] };
  }
  if (ts.isIntersectionTypeNode(node)) {
    const shapes = node.types.map(shapeOf);
    return {
      text: docOf(node),
      fields: shapes.flatMap(({ fields }) => fields),
      others: shapes.flatMap(({ others }) => others),
    };
  }
  return { text: docOf(node), fields: [], others: [typeText(node)] };
}

/** A type in one line, without readonly. @param {ts.TypeNode | undefined} node */
function typeText(node) {
  return (node?.getText() ?? "unknown")
    .replaceAll(/\/\*\*.*?\*\//gs, "")
    .replaceAll(/\breadonly /g, "")
    .replaceAll(/\s+/g, " ");
}

/** The comment before the bar in front of a member of a union. @param {ts.Node} node */
function docBeforeBar(node) {
  const before = node
    .getSourceFile()
    .text.slice(0, node.pos)
    .replace(/\|\s*$/, "")
    .trimEnd();
  return before.endsWith("*/") ? paragraphOf(before.slice(before.lastIndexOf("/**"))) : "";
}

/** The comment above a node, in one paragraph. @param {ts.Node | undefined} node */
function docOf(node) {
  if (node === undefined) return "";
  const { text } = node.getSourceFile();
  const comments = ts.getLeadingCommentRanges(text, node.pos) ?? [];
  const last = comments.map(({ pos, end }) => text.slice(pos, end)).findLast((comment) => comment.startsWith("/**"));
  return paragraphOf(last ?? "");
}

/** @param {string} comment */
function paragraphOf(comment) {
  return comment
    .replaceAll(/^\/\*\*|\*\/$/g, "")
    .replaceAll(/^\s*\* ?/gm, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}
