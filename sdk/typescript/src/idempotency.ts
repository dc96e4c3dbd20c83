/**
 * Names for requests that start something: sent twice under one name, they start one thing. The server knows a name for 24 hours.
 */

/** Makes a name that nobody else has. */
export async function newName(): Promise<string> {
  const { randomUUID } = await webCrypto();
  return `sdk-${randomUUID()}`;
}

/** Web Crypto: everywhere a global, but in Node 18 a module, which bundlers for other places must not look for. */
async function webCrypto(): Promise<{ randomUUID(): string }> {
  const global = globalThis.crypto as Crypto | undefined;
  if (global) return { randomUUID: () => global.randomUUID() };
  const name = "node:crypto";
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}
