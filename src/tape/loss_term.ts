/**
 * The terms of a loss, which is their weighted sum.
 *
 * Unweighted values of all terms go to one table on the GPU, batches × terms, which is read once per epoch.
 * The weights are applied where a term's adjoint starts, and when the loss is reported.
 *
 * @module
 */

/** One term of a loss. */
export interface LossTerm {
  /** Its column in the table of terms. */
  readonly index: number;
  /** Number of columns of that table. */
  readonly count: number;
  /** Its weight in the loss. */
  readonly weight: number;
  /** Whether it is left out of the reported loss, as the terms of a discriminator are. */
  readonly apart?: boolean;
}

/**
 * Numbers the terms of a model in the order of their names.
 *
 * @param apart Names of the terms that are left out of the reported loss.
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
