/**
 * A whole made shop: catalogue, pictures, purchases, split and features, and the files it is kept in.
 *
 * @module
 */

import { stringify } from "@std/csv";
import { encode as encodePng } from "fast-png";
import { InputError } from "../../src/input_error.ts";
import { IMAGE_FEATURE_WIDTH, imageFeatures } from "../encode/image_features.ts";
import { joinSprite, type Picture } from "../encode/picture.ts";
import { itemText } from "../encode/text_features.ts";
import { encodeNpy } from "../encode/write_npy.ts";
import { type BehaviourOptions, FEWEST_PURCHASES, simulatePurchases } from "./behaviour.ts";
import { type Catalogue, makeCatalogue } from "./catalogue.ts";
import { type Interaction, keepCore, splitPerUser } from "./interactions.ts";
import { drawThumbnail } from "./thumbnails.ts";
import { CATEGORIES, COLOURS } from "./vocabulary.ts";

/** Everything that decides what a shop looks like. */
export interface ShopOptions extends BehaviourOptions {
  /** Number of products, before the 5-core filter. */
  readonly itemCount: number;
}

/** The shop of data/shop; sizes before the filter. */
export const DEFAULT_SHOP: ShopOptions = {
  userCount: 1800,
  itemCount: 1750,
  interactionCount: 15500,
  modalityWeight: 0.35,
  textShare: 0.85,
  popularityWeight: 0.1,
  seed: 1,
};

/** A made shop after the 5-core filter. */
export interface Shop {
  /** Its products by item id, and their brands. */
  readonly catalogue: Catalogue;
  /** By user, then item. */
  readonly interactions: readonly Interaction[];
}

const CORE = 5;
/** Numbers per product that its text is reduced to. */
export const TEXT_FEATURE_WIDTH = 128;

/**
 * Makes a shop; the same options give the same shop.
 *
 * @throws {InputError} An option is out of range, or the filter leaves nothing.
 */
export function makeShop(options: ShopOptions): Shop {
  check(options);
  const { itemCount, seed } = options;
  const catalogue = makeCatalogue(itemCount, seed);
  const { baskets, keptItems } = keepCore(simulatePurchases(catalogue, options), CORE);
  if (keptItems.length < TEXT_FEATURE_WIDTH) {
    throw new InputError(
      `The 5-core filter leaves ${keptItems.length} of ${itemCount} items, fewer than the ` +
        `${TEXT_FEATURE_WIDTH} that the text features need: ask for more interactions or items.`,
    );
  }
  const products = keptItems.map((item) => catalogue.products[item]!);
  return { catalogue: { ...catalogue, products }, interactions: splitPerUser(baskets, seed) };
}

function check(options: ShopOptions): void {
  const { userCount, itemCount, interactionCount, seed } = options;
  const counts = { users: userCount, items: itemCount, interactions: interactionCount, seed };
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new InputError(`${name} must be a whole number from 0, not ${count}.`);
    }
  }
  const { modalityWeight, textShare, popularityWeight } = options;
  const shares = {
    "modality weight": modalityWeight,
    "text share": textShare,
    "popularity weight": popularityWeight,
  };
  for (const [name, share] of Object.entries(shares)) {
    if (!(share >= 0 && share <= 1)) {
      throw new InputError(`The ${name} must be from 0 to 1, not ${share}.`);
    }
  }
  if (interactionCount < FEWEST_PURCHASES * userCount) {
    throw new InputError(
      `interactions must be at least ${FEWEST_PURCHASES} per user, ` +
        `${FEWEST_PURCHASES * userCount} in all, not ${interactionCount}.`,
    );
  }
}

/** The text of each product, for text features. */
export function shopTexts({ catalogue: { brands, products } }: Shop): string[] {
  return products.map(({ title, category, brand }) =>
    itemText([title, CATEGORIES[category]!.name, brands[brand]!.name])
  );
}

/** The files of a shop by name, but for text features: those are computed on the GPU. */
export function shopFiles(shop: Shop): Map<string, Uint8Array<ArrayBuffer>> {
  const { brands, products } = shop.catalogue;
  const thumbnails = products.map((product) => {
    return drawThumbnail(product, brands[product.brand]!.style);
  });
  const items = products.map(({ category, brand, colour, title, price }, item) => ({
    item,
    title,
    category: CATEGORIES[category]!.name,
    brand: brands[brand]!.name,
    colour: COLOURS[colour]!.name,
    price: price.toFixed(2),
  }));
  return new Map([
    ["interactions.csv", csv(shop.interactions, ["user", "item", "split"])],
    ["items.csv", csv(items, ["item", "title", "category", "brand", "colour", "price"])],
    ["thumbnails.png", png(joinSprite(thumbnails))],
    ["image_feat.npy", encodeNpy(imageFeatures(thumbnails), IMAGE_FEATURE_WIDTH)],
  ]);
}

function csv(rows: readonly object[], columns: string[]): Uint8Array<ArrayBuffer> {
  const text = stringify(rows, { columns }).replaceAll("\r\n", "\n");
  return new TextEncoder().encode(text);
}

/** Without the alpha channel: thumbnails are opaque. */
function png({ width, height, rgba }: Picture): Uint8Array<ArrayBuffer> {
  const data = rgba.filter((_, index) => index % 4 !== 3);
  return new Uint8Array(encodePng({ width, height, data, channels: 3, depth: 8 }, {
    zlib: { level: 9 },
  }));
}
