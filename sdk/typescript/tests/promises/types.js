/**
 * The declarations, as users compile against them: right calls pass, wrong ones do not, in each way of finding the package; and the
 * document's own examples fit the types that were written from it.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compile } from "../world/compiler.js";

const USE = readFileSync(new URL("../types/use.ts", import.meta.url), "utf8");

export function promises() {
  const document = JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8"));

  test("right calls compile and wrong ones do not", () => {
    assert.equal(compile({ "use.ts": USE }), "");
  });

  test("so in CommonJS, with a bundler's resolution and with Node's", () => {
    assert.equal(compile({ "use.cts": USE }), "");
    assert.equal(compile({ "use.ts": USE }, { module: "ESNext", moduleResolution: "Bundler" }), "");
  });

  test("with Node's types instead of the DOM's", () => {
    assert.equal(compile({ "use.ts": USE }, { lib: ["ES2022"], types: ["node"] }), "");
  });

  test("with TypeScript 5.0", () => {
    for (const name of ["use.mts", "use.cts"]) {
      assert.equal(compile({ [name]: USE }, { module: "Node16", moduleResolution: "Node16" }, "typescript-oldest"), "");
    }
    // As it was before there were `exports`.
    assert.equal(
      compile(
        { "use.ts": USE },
        {
          module: "CommonJS",
          moduleResolution: "Node10",
          baseUrl: "../..",
          paths: { "@eclips/sdk": ["dist/cjs/index.d.ts"] },
        },
        "typescript-oldest",
      ),
      "",
    );
  });

  test("a wrong call is found at all", () => {
    assert.match(compile({ "use.ts": USE.replace("// @ts-expect-error A task is text.", "//") }), /error TS2345/);
  });

  test("every example of the document fits its type, and none fits without what is required", () => {
    const examples = [...exampled(document)];
    assert.ok(examples.length >= 30, `${examples.length}`);
    const lines = examples.flatMap(({ type, value }, at) => {
      const required = document.components.schemas[type].required ?? [];
      const without = required.map((name) => {
        const { [name]: _, ...rest } = value;
        return `// @ts-expect-error Without ${name}.\nexport const without_${at}_${name}: sdk.${type} = ${JSON.stringify(rest)};`;
      });
      return [`export const example_${at}: sdk.${type} = ${JSON.stringify(value)};`, ...without];
    });
    assert.equal(compile({ "examples.ts": ['import type * as sdk from "@eclips/sdk";', ...lines].join("\n") }), "");
  });
}

/** Each example of a body or an answer, with the name of its schema. */
function* exampled({ paths, webhooks }) {
  for (const operations of [...Object.values(paths), ...Object.values(webhooks)]) {
    for (const { requestBody, responses = {} } of Object.values(operations)) {
      for (const { content } of [requestBody, ...Object.values(responses)].filter((part) => part?.content)) {
        const { schema, example, examples = {} } = content["application/json"] ?? content["text/event-stream"];
        const type = schema.$ref?.split("/").at(-1);
        if (!type) continue;
        for (const value of [example, ...Object.values(examples).map((one) => one.value)])
          if (value) yield { type, value };
      }
    }
  }
}
