/** Compares an operation with its formula in f64, and its adjoint with the formula's differences. */
import { assertEquals } from "@std/assert";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../src/gpu/tensor.ts";
import { Tape, type Variable } from "../../src/tape/tape.ts";
import { createRandom } from "../../src/random.ts";
import { assertClose, finiteDifferences, uniformFloats } from "./made_epoch.ts";

const random = createRandom(31);

/** An input of an operation. */
export interface Operand {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  readonly constant?: boolean;
}

/** A random one, uniform in [−1, 1). */
export function operand(...shape: number[]): Operand {
  return { shape, data: uniformFloats(random, shape.reduce((a, b) => a * b, 1)) };
}

/** An operation over its inputs, recorded, and as plain loops. */
export interface Operation {
  readonly record: (tape: Tape, inputs: readonly Variable[]) => Variable;
  readonly formula: (inputs: readonly Float64Array[]) => ArrayLike<number>;
}

/** Runs the operation, used twice over so that gradients add up, and compares. */
export async function checkOperation(
  gpu: GpuDevice,
  operands: readonly Operand[],
  { record, formula }: Operation,
): Promise<void> {
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const variables = operands.map(({ shape, data, constant }, i): Variable => ({
    value: resources.use(createTensor(gpu, `input ${i}`, shape, data)),
    constant,
  }));
  const forward = new Tape(gpu, "forward", scratch);
  const { value, constant } = record(forward, variables);
  assertEquals(constant ?? false, operands.every((one) => one.constant));
  resources.use(forward.program).run();
  const [actual] = await readFloats(gpu, value);
  const inputs = operands.map(({ data }) => Float64Array.from(data));
  assertClose(actual!, formula(inputs));
  const tape = new Tape(gpu, "operation", scratch);
  const outputs = [record(tape, variables), record(tape, variables)];
  const wanted = outputs.map(({ value: { shape } }) => operand(...shape));
  outputs.forEach((output, i) => {
    const { shape, data } = wanted[i]!;
    output.gradient = resources.use(createTensor(gpu, "dLoss/dOutput", shape, data));
  });
  tape.backward();
  const program = resources.use(tape.program);
  program.run();
  const loss = (at: readonly Float64Array[]): number => {
    const y = formula(at);
    return wanted.reduce((sum, { data }) => sum + data.reduce((s, g, i) => s + g * y[i]!, 0), 0);
  };
  for (const [i, { gradient, constant }] of variables.entries()) {
    assertEquals(gradient === undefined, constant ?? false);
    if (!gradient) continue;
    const differences = finiteDifferences(
      (x) => loss(inputs.with(i, Float64Array.from(x))),
      inputs[i]!,
    );
    assertClose((await readFloats(gpu, gradient))[0]!, differences, 5e-6);
  }
}

/** What an operation dispatches when nothing uses its result. */
export function recordUnused(
  gpu: GpuDevice,
  record: Operation["record"],
  operands: readonly Operand[],
) {
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const variables = operands.map(({ shape }, i): Variable => ({
    value: resources.use(createTensor(gpu, `input ${i}`, shape)),
  }));
  const tape = new Tape(gpu, "unused", scratch);
  record(tape, variables);
  const before = tape.program.kernels.length;
  tape.backward();
  using program = tape.program;
  return { adjoints: program.kernels.slice(before), gradients: variables.map((v) => v.gradient) };
}
