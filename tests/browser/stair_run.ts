/**
 * Two epochs of STAIR, as a page and Deno run them.
 *
 * @module
 */
import { loadDataset, type Metrics, models, openGpu, train } from "../../mod.ts";

/** What a run computed, whoever ran it. */
export interface StairRun {
  /** The GPU it ran on. */
  readonly adapter: string;
  /** Mean loss of each epoch. */
  readonly losses: Readonly<Record<string, number>>;
  /** Validation metrics before training and after each epoch, and test metrics of the best. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Trains STAIR with seed 1 on the dataset in a folder, given by its path or URL. */
export async function trainStair(folder: string): Promise<StairRun> {
  using gpu = await openGpu();
  const data = await loadDataset(folder);
  using model = await models.stair.create(gpu, data, { seed: 1 });
  const { adapter, history, test } = await train(model, data, { epochs: 2, evalEvery: 1 });
  const losses = history.filter(({ loss }) => loss !== undefined)
    .map(({ epoch, loss = NaN }) => [`loss of epoch ${epoch}`, loss]);
  const validations = history.flatMap(({ epoch, valid }) => labelled(valid, `of epoch ${epoch}`));
  const metrics = [...validations, ...labelled(test, "of the test")];
  return { adapter, losses: Object.fromEntries(losses), metrics: Object.fromEntries(metrics) };
}

const labelled = (metrics: Metrics | undefined, label: string): [string, number][] =>
  Object.entries(metrics ?? {}).map(([name, value]) => [`${name} ${label}`, value]);

const TOLERANCE = 1e-6;

/**
 * Where the numbers of a run in the page are not those of the same run in Deno: every metric to 1e-6, every
 * loss to 1e-6 of itself.
 */
export function differences(page: StairRun, deno: StairRun): string[] {
  const compare = (
    inPage: Readonly<Record<string, number>>,
    inDeno: Readonly<Record<string, number>>,
    tolerance: (value: number) => number,
  ): string[] =>
    [...new Set([...Object.keys(inDeno), ...Object.keys(inPage)])]
      .filter((key) => !(Math.abs(inPage[key]! - inDeno[key]!) <= tolerance(inDeno[key]!)))
      .map((key) => `${key} is ${inPage[key]} in the page and ${inDeno[key]} in Deno`);
  return [
    ...compare(page.losses, deno.losses, (loss) => TOLERANCE * Math.abs(loss)),
    ...compare(page.metrics, deno.metrics, () => TOLERANCE),
  ];
}
