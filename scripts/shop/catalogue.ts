/**
 * The made shop's catalogue: products with a category, brand, colour, use, price and title.
 *
 * @module
 */

import { createDraws, type Draws } from "./draws.ts";
import { BACKDROPS, type BrandStyle, LAYOUTS, PATTERNS } from "./styles.ts";
import { CATEGORIES, COLOURS, USES } from "./vocabulary.ts";

/** A brand of the made shop. */
export interface Brand {
  /** A made-up name. */
  readonly name: string;
  /** The look of its pictures. */
  readonly style: BrandStyle;
  /** Factor on the typical price of a category. */
  readonly priceFactor: number;
  /** Indices into `CATEGORIES`: what it sells. */
  readonly categories: readonly number[];
}

/** One item of the made shop. */
export interface Product {
  /** Index into `CATEGORIES`. */
  readonly category: number;
  /** Index into the catalogue's brands. */
  readonly brand: number;
  /** Index into `COLOURS`. */
  readonly colour: number;
  /** Index into `USES`. */
  readonly use: number;
  /** What the shop calls it, written from a small grammar. */
  readonly title: string;
  /** In the shop's currency, two decimals. */
  readonly price: number;
  /** Index into `BACKDROPS`: where its seller took the picture. */
  readonly backdrop: number;
  /** What makes its picture differ from its siblings', see thumbnails.ts. */
  readonly pictureSeed: number;
}

/** Brands, and products in random order. */
export interface Catalogue {
  /** Referred to by `Product.brand`. */
  readonly brands: readonly Brand[];
  /** The item id of a product is its index here. */
  readonly products: readonly Product[];
}

const BRAND_COUNT = 40;
const CATEGORIES_PER_BRAND = 4;
/** Sellers do not always say the colour, nor what a thing is for. */
const COLOUR_IN_TITLE = 0.6;
const USE_IN_TITLE = 0.85;

/** A catalogue of `itemCount` products. */
export function makeCatalogue(itemCount: number, seed: number): Catalogue {
  const draws = createDraws(seed, "catalogue");
  const brands = makeBrands(draws);
  const products = Array.from({ length: itemCount }, () => makeProduct(brands, draws));
  return { brands, products };
}

function makeBrands(draws: Draws): Brand[] {
  const names = new Set<string>();
  while (names.size < BRAND_COUNT) names.add(brandName(draws));
  const categories = CATEGORIES.map((_, index) => index);
  return [...names].map((name) => ({
    name,
    style: {
      pattern: draws.integer(PATTERNS.length),
      layout: draws.integer(LAYOUTS.length),
      framed: draws.uniform() < 0.4,
    },
    priceFactor: Math.exp(0.35 * draws.normal()),
    categories: draws.shuffled(categories).slice(0, CATEGORIES_PER_BRAND),
  }));
}

function brandName(draws: Draws): string {
  const start = draws.pick(["Bru", "Dal", "Fen", "Gor", "Hal", "Kem", "Lun", "Mor", "Nel", "Ost"]);
  const middle = draws.pick(["a", "e", "i", "o", "ando", "ele", "iro", "ura"]);
  const end = draws.pick(["bek", "dra", "fell", "gar", "lund", "mis", "rik", "sen", "tov", "vik"]);
  return start + middle + end;
}

function makeProduct(brands: readonly Brand[], draws: Draws): Product {
  const brand = draws.integer(brands.length);
  const { name, priceFactor, categories } = brands[brand]!;
  const category = draws.pick(categories);
  const colour = draws.integer(COLOURS.length);
  const use = draws.integer(USES.length);
  const price = CATEGORIES[category]!.price * priceFactor * Math.exp(0.25 * draws.normal());
  return {
    category,
    brand,
    colour,
    use,
    title: writeTitle(name, category, colour, use, draws),
    price: Math.max(100, Math.round(price * 100)) / 100,
    backdrop: draws.integer(BACKDROPS.length),
    pictureSeed: draws.integer(2 ** 31),
  };
}

/** Title → Brand, perhaps a Colour, Material, Noun, comma, Feature, perhaps "for" and a Use. */
function writeTitle(
  brand: string,
  category: number,
  colour: number,
  use: number,
  draws: Draws,
): string {
  const { nouns, materials, features } = CATEGORIES[category]!;
  const words = [brand];
  if (draws.uniform() < COLOUR_IN_TITLE) words.push(COLOURS[colour]!.name);
  words.push(draws.pick(materials), `${draws.pick(nouns)},`, draws.pick(features));
  if (draws.uniform() < USE_IN_TITLE) words.push("for", USES[use]!);
  return words.join(" ");
}
