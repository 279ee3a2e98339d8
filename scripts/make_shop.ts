/**
 * Makes a shop: a whole multimodal dataset of made-up products, pictures and customers.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import {
  DEFAULT_SHOP,
  makeShop,
  shopFiles,
  type ShopOptions,
  shopTexts,
  TEXT_FEATURE_WIDTH,
} from "./shop/shop.ts";
import { writeAtomically } from "../src/files/write_atomically.ts";
import { encodeNpy } from "./encode/write_npy.ts";
import { textFeatures } from "./encode/text.ts";
import { openDevice } from "../src/gpu/device.ts";
import { rejectUnknown, runScript, toNumber } from "./cli/command_line.ts";

const HELP = `Makes a shop: products with titles and pictures, and customers who buy them.

usage: deno run --allow-read --allow-write --allow-env=XDG_RUNTIME_DIR scripts/make_shop.ts [options]

  --out DIR              where the files go (default data/shop for the defaults below,
                         data/shop-WEIGHT-SEED for others)
  --modality-weight W    how much of the customers' taste text and pictures show, 0..1;
                         the rest is latent (default ${DEFAULT_SHOP.modalityWeight})
  --seed N               another shop of the same kind (default ${DEFAULT_SHOP.seed})
  --users N              customers before the 5-core filter (default ${DEFAULT_SHOP.userCount})
  --items N              products before the 5-core filter (default ${DEFAULT_SHOP.itemCount})
  --interactions N       purchases before the 5-core filter (default ${DEFAULT_SHOP.interactionCount})

example: deno run --allow-read --allow-write --allow-env=XDG_RUNTIME_DIR scripts/make_shop.ts \\
           --modality-weight 0.7 --out runs/visible`;

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["out", "modality-weight", "seed", "users", "items", "interactions"],
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const number = (name: "modality-weight" | "seed" | "users" | "items" | "interactions") =>
    toNumber(name, options[name]);
  const settings = {
    ...DEFAULT_SHOP,
    modalityWeight: number("modality-weight") ?? DEFAULT_SHOP.modalityWeight,
    seed: number("seed") ?? DEFAULT_SHOP.seed,
    userCount: number("users") ?? DEFAULT_SHOP.userCount,
    itemCount: number("items") ?? DEFAULT_SHOP.itemCount,
    interactionCount: number("interactions") ?? DEFAULT_SHOP.interactionCount,
  };
  const out = options.out ?? defaultFolder(settings);
  const shop = makeShop(settings);
  using gpu = await openDevice();
  const text = await textFeatures(gpu, shopTexts(shop), TEXT_FEATURE_WIDTH);
  const files = shopFiles(shop).set("text_feat.npy", encodeNpy(text, TEXT_FEATURE_WIDTH));
  // Static hosts list no folders: see src/files/fetch_source.ts.
  const list = JSON.stringify([...files.keys()].sort(), null, 2) + "\n";
  files.set("files.json", new TextEncoder().encode(list));
  for (const [name, bytes] of files) await writeAtomically(`${out}/${name}`, bytes);

  const { interactions, catalogue } = shop;
  const users = interactions.at(-1)!.user + 1;
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
  console.log(
    `${out}: ${users} users, ${catalogue.products.length} items, ${interactions.length} ` +
      `interactions; ${files.size} files, ${(bytes / 1e6).toFixed(2)} MB`,
  );
}

/** The folder used without --out: data/shop for the default settings, otherwise one named after them. */
function defaultFolder(settings: ShopOptions): string {
  const embedded = JSON.stringify(settings) === JSON.stringify(DEFAULT_SHOP);
  return embedded ? "data/shop" : `data/shop-${settings.modalityWeight}-${settings.seed}`;
}

if (import.meta.main) await runScript(main);
