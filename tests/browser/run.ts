/**
 * The kernels and STAIR on a second implementation of WebGPU: Chromium's, with Tint as compiler and
 * SwiftShader as GPU, where Deno has wgpu, Naga and the machine's own adapter.
 *
 * In a page run all cases of the kernel tables, with the twins and tolerances of kernels_test.ts, on a GPU
 * opened with the limits that WebGPU guarantees. Then STAIR trains there for two epochs on the shop, fetched
 * from this machine, and in Deno as well: every metric may differ by 1e-6 and every loss by 1e-6 of itself.
 * An error on the page's console is a failure, too.
 *
 * @module
 */
import type { Page } from "playwright-core";
import { kernelTables } from "../kernel_tables.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import type { CaseResult } from "./page.ts";
import { servePage } from "./page_host.ts";
import { report } from "./report.ts";
import { differences, type StairRun, trainStair } from "./stair_run.ts";

/** Chromium is closed after so long, which fails what waits for it. */
const LIMIT_SECONDS = 600;

/** Calls a function that page.ts exports. */
function call<Result>(page: Page, name: string, ...given: string[]): Promise<Result> {
  const listed = given.map((argument) => JSON.stringify(argument)).join();
  return page.evaluate(`import("/page.js").then((module) => module.${name}(${listed}))`);
}

async function runStair(page: Page, folder: string): Promise<CaseResult> {
  const name = "STAIR, two epochs on the shop";
  const start = performance.now();
  const faults: string[] = [];
  try {
    const inPage = await call<StairRun>(page, "trainStair", folder);
    const inDeno = await trainStair("data/shop");
    faults.push(...differences(inPage, inDeno));
    const numbers = Object.keys({ ...inDeno.losses, ...inDeno.metrics }).length;
    console.log(`${name}: ${numbers} numbers compared with those of ${inDeno.adapter} in Deno`);
  } catch (error) {
    faults.push(String(error));
  }
  return { name, faults, seconds: (performance.now() - start) / 1000 };
}

/** Runs all in a page, and says how it went. */
async function runInBrowser(executable: string): Promise<boolean> {
  await using server = await servePage();
  await using browser = await launchChromium(executable);
  using timer = new DisposableStack();
  timer.adopt(setTimeout(() => browser.close(), 1000 * LIMIT_SECONDS), clearTimeout);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  await page.goto(origin);
  const results = [await call<CaseResult>(page, "checkLimits")];
  for (const kernel of Object.keys(kernelTables)) {
    // A page that crashed fails the kernels from there on.
    const crashed = (error: unknown) => [{ name: kernel, faults: [String(error)], seconds: 0 }];
    results.push(...await call<CaseResult[]>(page, "runTable", kernel).catch(crashed));
  }
  results.push(await runStair(page, `${origin}/data/shop`));
  const { lines, ok } = report(results, complaints);
  for (const line of lines) console.log(line);
  return ok;
}

// Deno starts the programs that --allow-run names only where the linker's variables are not set.
for (const name of Object.keys(Deno.env.toObject())) {
  if (/^(LD|DYLD)_/.test(name)) Deno.env.delete(name);
}

const executable = findChromium();
if (executable === undefined) {
  console.log("browser: skipped, as chromium is not on PATH (apt-get install chromium)");
} else if (!await runInBrowser(executable)) {
  Deno.exit(1);
}
