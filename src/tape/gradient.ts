/**
 * How gradients of a value that is used more than once come together: by the sum rule.
 *
 * @module
 */
import type { Tensor } from "../gpu/tensor.ts";
import { addedTo, type Ending, recordEnding, storedIn } from "./ending.ts";
import type { Tape, Variable } from "./tape.ts";

/**
 * Hands over a whole gradient, taken from the tape: it becomes the variable's or, where there is one,
 * is added to it and given back; that of a constant is given back alone.
 */
export function addGradient(tape: Tape, variable: Variable, gradient: Tensor): void {
  if (variable.constant) {
    tape.release(gradient);
  } else if (variable.gradient) {
    recordEnding(tape.program, gradient, addedTo(variable.gradient));
    tape.release(gradient);
  } else {
    variable.gradient = gradient;
  }
}

/**
 * Hands over what records a whole gradient, to be met by an ending: it is added to the variable's gradient
 * or becomes it; it is left pending where it is all of the gradient and that is read once. `record` is
 * called once, in the end after all adjoints and after updates of other parameters: what it reads has to
 * be taken until then, and may not be a parameter. The variable is none that is constant.
 */
export function addRecordedGradient(
  tape: Tape,
  variable: Variable,
  record: (ending: Ending) => void,
): void {
  if (variable.gradient) {
    record(addedTo(variable.gradient));
  } else if (variable.readOnce && tape.inLastAdjoint) {
    variable.pending = record;
  } else {
    const { label, shape } = variable.value;
    record(storedIn(variable.gradient = tape.take(`gradient of ${label}`, shape)));
  }
}

/**
 * Records that a variable's whole gradient, zero where there is none, meets an ending, and gives it back.
 *
 * @throws {Error} when something else was added to a gradient that had been left pending.
 */
export function endGradient(tape: Tape, variable: Variable, ending: Ending): void {
  const { pending } = variable;
  if (pending) {
    if (variable.gradient) {
      throw new Error(`The gradient of "${variable.value.label}" grew when it was thought whole.`);
    }
    variable.pending = undefined;
    pending(ending);
  } else {
    const gradient = openGradient(tape, variable);
    recordEnding(tape.program, gradient, ending);
    tape.release(gradient);
  }
}

/** The variable's gradient, zero where there is none yet, for an adjoint that adds to some of its rows. */
export function openGradient(tape: Tape, variable: Variable): Tensor {
  if (!variable.gradient) {
    const { label, shape } = variable.value;
    variable.gradient = tape.take(`gradient of ${label}`, shape);
    tape.program.clear(variable.gradient);
  }
  return variable.gradient;
}

/** Gives back the gradient of a result, at the end of the adjoint of the operation that made it. */
export function closeGradient(tape: Tape, variable: Variable): void {
  if (variable.gradient) tape.release(variable.gradient);
}
