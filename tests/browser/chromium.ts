/**
 * Headless Chromium, with WebGPU on its own software adapter.
 *
 * @module
 */
import type { Browser } from "playwright-core";

/** Where Chromium is, of the folders on PATH; nothing where there is none. */
export function findChromium(): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.map((folder) => `${folder}/chromium`).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // not there, or not to be looked at
  }
}

/** Starts it, without those of playwright's switches that turn WebGPU off. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  // Loading playwright-core tries /proc for Windows below, which Deno allows to --allow-all alone, unless
  // this variable is set.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath,
    args: [
      "--headless=new",
      "--no-sandbox", // which root cannot use
      "--enable-unsafe-webgpu", // without it there is no adapter
      "--use-webgpu-adapter=swiftshader",
    ],
    ignoreDefaultArgs: ["--headless", "--disable-gpu", "--enable-unsafe-swiftshader"],
  });
}
