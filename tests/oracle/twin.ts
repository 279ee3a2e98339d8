/** What twins are, and what several of them do. */

/** Arrays by binding name; vec4 and vec2 bindings as their flat numbers. */
export type Arrays = Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
/** Parameters and override constants by name. */
export type Numbers = Record<string, number>;
/** What is done with a number of a result, at its place in it. */
export type Finish = (at: number, result: number) => void;
/** A kernel's twin. */
export type Twin = (tensors: Arrays, params: Numbers, constants: Numbers, finish: Finish) => void;

/** Rows that the current batch fills, of `rows` in blocks of a batch each. */
export function batchRows(t: Arrays, { rows, triples, batch_size }: Numbers): number[] {
  const length = Math.min(batch_size!, triples! - t.clock![0]! * batch_size!);
  return Array.from({ length: rows! }, (_, r) => r).filter((r) => r % batch_size! < length);
}

export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

export function forTouchedRows(t: Arrays, visit: (place: number, row: number) => void): void {
  const [step] = (t.list ?? t.clock)!;
  for (let place = t.batch_start![step!]!; place < t.batch_start![step! + 1]!; place++) {
    visit(place, t.row![place]!);
  }
}
