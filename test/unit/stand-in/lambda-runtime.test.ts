import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startInstance } from "../../../localstack/stand-in/lambda-runtime.ts";

/** An instance of a function whose handler has this code, with `event` and `context`. */
async function start(code: string, { timeoutSeconds = 30, before = "" } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "tidemark-function-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(
    join(directory, "index.mjs"),
    `${before}; export const handler = async (event, context) => { ${code} };`,
  );
  const instance = await startInstance({
    name: "sample",
    directory,
    environment: { GREETING: "hello" },
    timeoutSeconds,
  });
  onTestFinished(() => instance.stop());
  return instance;
}

it("a handler gets the event, what Lambda says of it, and no variables but Lambda's and its own", async () => {
  const names = "Object.keys(process.env).filter((name) => !/^(AWS|LAMBDA)_/.test(name)).sort()";
  const remaining = "context.getRemainingTimeInMillis()";
  const instance = await start(
    `return { event, name: context.functionName, remaining: ${remaining}, names: ${names} };`,
  );
  expect(await instance.invoke({ a: [1, null] })).toEqual({
    kind: "answered",
    answer: {
      event: { a: [1, null] },
      name: "sample",
      remaining: expect.any(Number),
      names: ["GREETING", "TZ", "_HANDLER"],
    },
    ms: expect.any(Number),
  });
});

it("one process takes one event after the other", async () => {
  const instance = await start("counted += event; return counted;", { before: "let counted = 0" });
  const answers = [await instance.invoke(1), await instance.invoke(2)];
  expect(answers).toMatchObject([{ answer: 1 }, { answer: 3 }]);
});

it("no answer is null", async () => {
  expect(await (await start("")).invoke({})).toMatchObject({ kind: "answered", answer: null });
});

it("an error is told by name and message, and the next event is taken", async () => {
  const instance = await start("if (event) throw new RangeError('too far'); return 'near';");
  expect(await instance.invoke(true)).toMatchObject({
    kind: "failed",
    error: { errorType: "RangeError", errorMessage: "too far" },
  });
  expect(await instance.invoke(false)).toMatchObject({ kind: "answered", answer: "near" });
});

it("a function that fails to load says why", async () => {
  await expect(start("", { before: "throw new Error('no way')" })).rejects.toThrow("no way");
});

it("a function that ends while it works is told with what it wrote", async () => {
  const instance = await start("console.log('so long'); process.exit(3);");
  await expect(instance.invoke({})).rejects.toThrow(/^sample has ended: so long/);
});

it("a function that doesn't answer is told when its time is over", async () => {
  const instance = await start("await new Promise(() => setInterval(() => {}, 1_000));", { timeoutSeconds: 0.1 });
  await expect(instance.invoke({})).rejects.toThrow("sample didn't answer for 0.1 s");
});
