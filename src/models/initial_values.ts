/**
 * Random initial values of parameters. Every parameter has a stream of its own, by the seed and its
 * name, so that adding one leaves the others as they are.
 *
 * @module
 */
import { createRandom, normal, type RandomSource, uniformReal } from "../random.ts";

/** The stream that a parameter of this name is drawn from. */
export function initialStream(seed: number, name: string): RandomSource {
  return createRandom(seed, ...new TextEncoder().encode(name));
}

/** rows × columns from U(−b, b), b = √(6 / (rows + columns)) (Glorot & Bengio 2010). */
export function xavierUniform(
  random: RandomSource,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  return uniform(random, rows * columns, Math.sqrt(6 / (rows + columns)));
}

/** rows × columns from N(0, 2 / (rows + columns)) (Glorot & Bengio 2010). */
export function xavierNormal(
  random: RandomSource,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const deviation = Math.sqrt(2 / (rows + columns));
  return Float32Array.from({ length: rows * columns }, () => deviation * normal(random));
}

/** `count` values from U(−bound, bound). */
export function uniform(
  random: RandomSource,
  count: number,
  bound: number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => bound * (2 * uniformReal(random) - 1));
}

/** Users' and items' tables, each drawn for itself, one above the other: (users + items) × dim. */
export function stackedTables(
  draw: typeof xavierUniform,
  seed: number,
  { userCount, itemCount }: { readonly userCount: number; readonly itemCount: number },
  dim: number,
): Float32Array<ArrayBuffer> {
  const stacked = new Float32Array((userCount + itemCount) * dim);
  stacked.set(draw(initialStream(seed, "users"), userCount, dim));
  stacked.set(draw(initialStream(seed, "items"), itemCount, dim), userCount * dim);
  return stacked;
}

/** A PyTorch linear layer's defaults: weight (outputs × inputs) and bias from U(−b, b), b = 1 / √inputs. */
export function linearDefaults(
  seed: number,
  name: string,
  outputs: number,
  inputs: number,
): { weight: Float32Array<ArrayBuffer>; bias: Float32Array<ArrayBuffer> } {
  const bound = 1 / Math.sqrt(inputs);
  return {
    weight: uniform(initialStream(seed, `${name}.weight`), outputs * inputs, bound),
    bias: uniform(initialStream(seed, `${name}.bias`), outputs, bound),
  };
}
