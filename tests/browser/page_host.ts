/**
 * Serves the page, the kernels and the shop on this machine.
 *
 * @module
 */
import { diskFolder } from "../../src/files/deno_source.ts";
import { answerWith } from "../files/static_host.ts";
import { readKernelFiles } from "../kernel_files.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** An empty page; the icon keeps the browser from asking for one. */
const PAGE = `<!doctype html><title>STAIR</title><link rel="icon" href="data:,">`;

const SHOP = "/data/shop/";

/** Serves `/`, `/page.js` (page.ts, bundled), `/kernels.json` and the files of data/shop. */
export async function servePage(): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const shop = await diskFolder(`${ROOT}${SHOP}`);
  const shopFiles = new Set(await shop.names());
  const texts: Record<string, { readonly type: string; readonly text: string }> = {
    "/": { type: "text/html", text: PAGE },
    "/page.js": { type: "text/javascript", text: await bundle("tests/browser/page.ts") },
    "/kernels.json": { type: "application/json", text: JSON.stringify(readKernelFiles()) },
  };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url, headers }) => {
    const { pathname } = new URL(url);
    const found = texts[pathname];
    if (found) return new Response(found.text, { headers: { "Content-Type": found.type } });
    const name = pathname.startsWith(SHOP) ? pathname.slice(SHOP.length) : "";
    const content = shopFiles.has(name) ? await shop.read(name) : undefined;
    return answerWith(content, headers.get("Range"), "told");
  });
}

async function bundle(entry: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["bundle", "--quiet", "--platform", "browser", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
