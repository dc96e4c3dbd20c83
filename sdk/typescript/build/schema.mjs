/**
 * Writes `src/schema.ts`, the types of everything that is sent and answered, from `docs/openapi.json`: nobody keeps them by hand,
 * so they cannot differ. `node build/schema.mjs` writes the file, `--check` only says whether it is as it would be written.
 * It knows the few words of JSON Schema that the document uses, and refuses any other one.
 */

import { readFileSync, writeFileSync } from "node:fs";

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const WRITTEN = new URL("../src/schema.ts", import.meta.url);

/** Words that say something of a value and nothing of its type. */
const SILENT = new Set([
  "description",
  "format",
  "pattern",
  "examples",
  "default",
  "uniqueItems",
  "contentMediaType",
  "contentSchema",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "additionalProperties",
]);
/** How long a list of words may be on one line. */
const LINE_LENGTH_MAX = 100;
const OPENING = `/**
 * What is sent and what is answered, in the words of the API. Written from docs/openapi.json by build/schema.mjs, never by hand;
 * a test fails where the two differ. Names of members are those on the wire.
 */

/** An object whose members are not described here. */
export interface JsonObject {
  [name: string]: unknown;
}
`.replaceAll("\n        ", "\n");

/** The whole file. @returns {string} */
export function schema() {
  const { components, paths } = JSON.parse(readFileSync(DOCUMENT, "utf8"));
  const uses = usesOf(paths);
  const types = Object.entries(components.schemas).map(([name, schema]) => declaration(name, schema, uses[name]));
  return [OPENING, ...types].join("\n").replaceAll("= \n", "=\n");
}

/** What schemas are for, by their names: which route is sent or answers them. @returns {Record<string, string>} */
function usesOf(paths) {
  const uses = {};
  const note = (content, what) => {
    const name = content?.["application/json"]?.schema.$ref?.split("/").at(-1);
    if (name) uses[name] = what;
  };
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { requestBody, responses }] of Object.entries(operations)) {
      const route = `\`${method.toUpperCase()} ${path}\``;
      note(requestBody?.content, `The body of ${route}.`);
      const [, answer] = Object.entries(responses ?? {}).find(([status]) => status.startsWith("2")) ?? [];
      note(answer?.content, `The answer of ${route}.`);
    }
  }
  return uses;
}

function declaration(name, schema, use) {
  const text = comment(schema.description ?? use, "");
  const isObject = schema.type === "object" && schema.properties;
  return isObject
    ? `${text}export interface ${name} ${type(schema, "", isSent(schema))}\n`
    : `${text}export type ${name} = ${type(schema, "", isSent(schema))};\n`;
}

/** What is refused with members that are not described is sent; what may have more is answered. */
function isSent(schema) {
  return schema.additionalProperties === false;
}

/** The type of a schema, written at an indentation. */
function type(schema, indent, sent) {
  const { $ref, anyOf, const: fixed, enum: words, type: kind, properties, required = [], items, ...others } = schema;
  const unknown = Object.keys(others).filter((word) => !SILENT.has(word));
  if (unknown.length > 0) throw new Error(`a word that this script does not know: ${unknown}`);
  if ($ref) return $ref.split("/").at(-1);
  if (anyOf) return anyOf.map((one) => type(one, indent, sent)).join(" | ");
  if (fixed !== undefined) return JSON.stringify(fixed);
  if (words)
    return union(
      words.map((word) => JSON.stringify(word)),
      indent,
    );
  if (Array.isArray(kind)) return kind.map((one) => type({ ...schema, type: one }, indent, sent)).join(" | ");
  if (kind === "object" && properties) return members(properties, required, indent, sent);
  if (kind === "object" && schema.maxProperties === 0) return "Record<string, never>";
  // An interface of the caller's own fits `object` and, for want of an index signature, not `JsonObject`.
  if (kind === "object") return sent ? "object" : "JsonObject";
  if (kind === "array") return `Array<${type(items, indent, sent)}>`;
  const plain = { integer: "number", number: "number", string: "string", boolean: "boolean", null: "null" }[kind];
  if (!plain) throw new Error(`no type for ${JSON.stringify(schema)}`);
  return plain;
}

/** On one line where it fits. */
function union(words, indent) {
  const line = words.join(" | ");
  return line.length <= LINE_LENGTH_MAX ? line : words.map((word) => `\n${indent}  | ${word}`).join("");
}

function members(properties, required, indent, sent) {
  const deeper = `${indent}  `;
  const lines = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? "" : "?";
    // With `exactOptionalPropertyTypes` a member that is there as undefined, and so not sent, would be refused.
    const absent = sent && mark ? " | undefined" : "";
    return `${comment(schema.description, deeper)}${deeper}${name}${mark}: ${type(schema, deeper, sent)}${absent};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

function comment(description, indent) {
  return description ? `${indent}/** ${description.replaceAll("*/", "* /")} */\n` : "";
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const wanted = schema();
  if (!process.argv.includes("--check")) writeFileSync(WRITTEN, wanted);
  else if (readFileSync(WRITTEN, "utf8") !== wanted) {
    console.error("src/schema.ts is not what docs/openapi.json says: npm run schema");
    process.exitCode = 1;
  }
}
