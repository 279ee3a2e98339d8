/**
 * How gradients come together. Gradients accumulate: dLoss/dx is the sum of what the adjoint of each use
 * of x adds to it. The first part replaces what is in memory, which is undefined by then and may hold
 * infinities; those that follow are added. Constants have no gradient, and what is added to one is
 * passed over.
 *
 * An adjoint computes its part and adds it with {@linkcode addGradient}. There are four forms for
 * kernels that can do both at once: {@linkcode addGradientInPlace} for those with a switch between
 * replacing and adding, {@linkcode addGradientRows} for those that add to some rows alone, {@linkcode
 * addGradientOfBatch} where these are the batch's, {@linkcode addGradientEnding} for those with an ending.
 *
 * @module
 */
import type { Tensor } from "../gpu/tensor.ts";
import { addedTo, type Ending, recordEnding, storedIn } from "./ending.ts";
import type { Tape, Variable } from "./tape.ts";

/**
 * Adds a part to a variable's gradient.
 *
 * @param part As large as the variable, taken from the tape; it is not the caller's any more.
 */
export function addGradient(tape: Tape, variable: Variable, part: Tensor): void {
  if (!variable.constant && !variable.gradient) {
    variable.gradient = part;
    return;
  }
  addGradientInPlace(
    tape,
    variable,
    (gradient) => recordEnding(tape.program, part, addedTo(gradient)),
  );
  tape.release(part);
}

/**
 * Adds a part to a variable's gradient, which a kernel does in place.
 *
 * @param record Records gradient = part or, where `keep` is set, gradient = gradient + part.
 */
export function addGradientInPlace(
  tape: Tape,
  variable: Variable,
  record: (gradient: Tensor, keep: boolean) => void,
): void {
  if (variable.constant) return;
  const { gradient, value: { label, shape } } = variable;
  const isKept = tape.kept.some(({ tensor }) => tensor === gradient);
  if (!gradient || isKept) {
    variable.gradient = tape.take(`gradient of ${label}`, shape);
    if (gradient) recordEnding(tape.program, gradient, storedIn(variable.gradient));
  }
  record(variable.gradient!, gradient !== undefined);
}

/**
 * Adds a part to a variable's gradient that is zero but in some rows.
 *
 * @param record Records that these rows are added; the others hold zeros or earlier parts.
 */
export function addGradientRows(
  tape: Tape,
  variable: Variable,
  record: (gradient: Tensor) => void,
): void {
  addGradientInPlace(tape, variable, (gradient, keep) => {
    if (!keep) tape.program.clear(gradient);
    record(gradient);
  });
}

/**
 * Adds a part to a variable's gradient that is zero but in the rows of the current batch. Where it is the first
 * part, it is kept from batch to batch, so that only the rows of the batch before have to be made zero.
 *
 * @param record Records the rows with an ending: with `stale` those that are to be zero again, too.
 */
export function addGradientOfBatch(
  tape: Tape,
  variable: Variable,
  record: (ending: Ending, stale: boolean) => void,
): void {
  if (variable.constant) return;
  if (variable.gradient || !tape.everyStep) {
    addGradientRows(tape, variable, (gradient) => record(addedTo(gradient), false));
  } else {
    const { label, shape } = variable.value;
    variable.gradient = tape.keep(`gradient of ${label}`, shape);
    record(storedIn(variable.gradient), true);
  }
}

/**
 * Adds a part to a variable's gradient, each vec4 of it met by an ending that stores or adds it. Where the
 * part is all of a gradient that is read once, it is left pending: the optimizer's ending meets it, and
 * the gradient is never stored.
 *
 * @param record Is called once, at the latest when the optimizer is recorded: what it reads has to be
 * taken until then, as the memory of {@linkcode Tape.operation} is, and may not be a parameter.
 */
export function addGradientEnding(
  tape: Tape,
  variable: Variable,
  record: (ending: Ending) => void,
): void {
  if (variable.readOnce && tape.inLastAdjoint && !variable.constant && !variable.gradient) {
    variable.pending = record;
    return;
  }
  addGradientInPlace(
    tape,
    variable,
    (gradient, keep) => record(keep ? addedTo(gradient) : storedIn(gradient)),
  );
}

/**
 * Records that a variable's whole gradient, zero where nothing was added, meets an ending, and gives it
 * back.
 *
 * @throws {Error} when something else was added to a gradient that had been left pending.
 */
export function endGradient(tape: Tape, variable: Variable, ending: Ending): void {
  const { pending } = variable;
  if (!pending) {
    if (!variable.gradient) addGradientRows(tape, variable, () => {}); // now there is one
    recordEnding(tape.program, variable.gradient!, ending);
    tape.release(variable.gradient!);
    return;
  }
  if (variable.gradient) {
    throw new Error(`The gradient of "${variable.value.label}" grew when it was thought whole.`);
  }
  variable.pending = undefined;
  pending(ending);
}
