/**
 * How the customers of the made shop choose.
 *
 * A purchase is made on impulse, in proportion to the items' popularity, or considered. Customer u
 * considers item i in proportion to
 *
 *   popularity_i · exp(s · ((1 − m) · latent(u, i) + m · (t · text(u, i) + (1 − t) · picture(u, i))))
 *
 * with m the modality weight, t the text share and s the strength of taste. Latent taste is a hidden
 * circle that u and i share or do not; text and picture count the visible traits of i that u favours.
 *
 * @module
 */

import type { Catalogue, Product } from "./catalogue.ts";
import { createDraws, type Draws } from "./draws.ts";
import { PATTERNS } from "./styles.ts";
import { CATEGORIES, COLOURS, USES } from "./vocabulary.ts";

/** What moves the customers. */
export interface BehaviourOptions {
  /** Number of customers, before the 5-core filter. */
  readonly userCount: number;
  /** Number of purchases, before the 5-core filter. */
  readonly interactionCount: number;
  /** Weight of the visible modalities in the taste, 0..1; the rest is latent. */
  readonly modalityWeight: number;
  /** Share of the text in the visible taste, 0..1; the rest is the picture's. */
  readonly textShare: number;
  /** Share of purchases on impulse, 0..1. */
  readonly popularityWeight: number;
  /** Seed of all draws. */
  readonly seed: number;
}

/** Fewest purchases of a customer. */
export const FEWEST_PURCHASES = 5;
/** Spread of the customers' activity beyond the fewest: sigma of a log-normal, read off Amazon Baby. */
const ACTIVITY_SPREAD = 1.25;
/** Spread of the items' popularity: sigma of a log-normal. */
const POPULARITY_SPREAD = 2;
/** Hidden circles of taste; nothing shows them but behaviour. */
const CIRCLE_COUNT = 14;
/** Strength of taste, s: an affinity of 1 multiplies an item's chances by e^s. */
const TASTE_STRENGTH = 12;
/** How many of each trait a customer favours. */
const FAVOURITES = { category: 2, brand: 4, use: 2, colour: 2, pattern: 2, circle: 2 };

/** A product as the customers see it, and what they do not see. */
interface Item extends Product {
  readonly pattern: number;
  readonly popularity: number;
  readonly circle: number;
}

interface Customer {
  readonly purchases: number;
  readonly circles: ReadonlySet<number>;
  readonly categories: ReadonlySet<number>;
  readonly brands: ReadonlySet<number>;
  readonly uses: ReadonlySet<number>;
  readonly colours: ReadonlySet<number>;
  readonly patterns: ReadonlySet<number>;
}

/** Every customer's purchases: lists of distinct product indices, in order of purchase. */
export function simulatePurchases(catalogue: Catalogue, options: BehaviourOptions): number[][] {
  const itemDraws = createDraws(options.seed, "item");
  const items = catalogue.products.map((product): Item => ({
    ...product,
    pattern: catalogue.brands[product.brand]!.style.pattern,
    popularity: Math.exp(POPULARITY_SPREAD * itemDraws.normal()),
    circle: itemDraws.integer(CIRCLE_COUNT),
  }));
  const draws = createDraws(options.seed, "purchase");
  return makeCustomers(catalogue, options).map((customer) => {
    const onImpulse = items.map((item) => item.popularity);
    const considered = items.map((item) =>
      item.popularity * Math.exp(TASTE_STRENGTH * affinity(customer, item, options))
    );
    return Array.from({ length: customer.purchases }, () => {
      const weights = draws.uniform() < options.popularityWeight ? onImpulse : considered;
      const item = drawFrom(weights, draws);
      // Nothing is bought twice.
      onImpulse[item] = considered[item] = 0;
      return item;
    });
  });
}

function affinity(customer: Customer, item: Item, options: BehaviourOptions): number {
  const { modalityWeight, textShare } = options;
  const latent = Number(customer.circles.has(item.circle));
  const text = Number(customer.categories.has(item.category)) +
    Number(customer.brands.has(item.brand)) + 0.5 * Number(customer.uses.has(item.use));
  const picture = Number(customer.colours.has(item.colour)) +
    Number(customer.patterns.has(item.pattern));
  const visible = textShare * text + (1 - textShare) * picture;
  return (1 - modalityWeight) * latent + modalityWeight * visible;
}

function makeCustomers(catalogue: Catalogue, options: BehaviourOptions): Customer[] {
  const draws = createDraws(options.seed, "customer");
  const purchases = drawActivity(options, catalogue.products.length, draws);
  const favourites = (count: number, of: number) =>
    new Set(draws.shuffled(Array.from({ length: of }, (_, index) => index)).slice(0, count));
  return purchases.map((count) => ({
    purchases: count,
    circles: favourites(FAVOURITES.circle, CIRCLE_COUNT),
    categories: favourites(FAVOURITES.category, CATEGORIES.length),
    brands: favourites(FAVOURITES.brand, catalogue.brands.length),
    uses: favourites(FAVOURITES.use, USES.length),
    colours: favourites(FAVOURITES.colour, COLOURS.length),
    patterns: favourites(FAVOURITES.pattern, PATTERNS.length),
  }));
}

/** Purchases per customer: 5 and a log-normal surplus, scaled to the wanted total. */
function drawActivity(options: BehaviourOptions, itemCount: number, draws: Draws): number[] {
  const { userCount, interactionCount } = options;
  const surplus = Array.from(
    { length: userCount },
    () => Math.exp(ACTIVITY_SPREAD * draws.normal()),
  );
  const total = surplus.reduce((sum, share) => sum + share, 0);
  const scale = (interactionCount - FEWEST_PURCHASES * userCount) / total;
  return surplus.map((share) => {
    const count = FEWEST_PURCHASES + Math.floor(scale * share + draws.uniform());
    return Math.min(count, Math.floor(itemCount / 4));
  });
}

/** An index with probability in proportion to its weight. */
function drawFrom(weights: readonly number[], draws: Draws): number {
  let left = draws.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => (left -= weight) < 0);
  // Rounding may leave a crumb beyond the last one.
  return found >= 0 ? found : weights.findLastIndex((weight) => weight > 0);
}
