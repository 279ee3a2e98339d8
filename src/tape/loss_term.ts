/**
 * The terms that a loss is the weighted sum of.
 *
 * Each term of each batch has a place in one table on the GPU, batches × terms, which is read once per
 * epoch. The weights come in where adjoints start; the table holds the terms without.
 *
 * @module
 */

/** A column of the table. */
export interface LossTerm {
  /** Its number. */
  readonly index: number;
  /** Columns of the table. */
  readonly count: number;
  /** What it is multiplied with in the loss. */
  readonly weight: number;
  /** Whether it is of another loss than the one that is reported. */
  readonly apart?: boolean;
}

/**
 * Numbers the terms of a model in the order of their names.
 *
 * @param apart Those of other losses than the one that is reported.
 */
export function lossTerms<Name extends string>(
  weights: Readonly<Record<Name, number>>,
  apart: readonly Name[] = [],
): Readonly<Record<Name, LossTerm>> {
  const names = Object.keys(weights) as Name[];
  const term = (name: Name, index: number): readonly [Name, LossTerm] => {
    const alone = { index, count: names.length, weight: weights[name] };
    return [name, apart.includes(name) ? { ...alone, apart: true } : alone];
  };
  return Object.fromEntries(names.map(term)) as Record<Name, LossTerm>;
}
