// What a gather's sum becomes: itself.
//
//     result = sum
//
// Bound by src/ops/graphs/gather.ts.

fn result_of(at: u32, c: u32, sum: vec4f) -> vec4f {
  return sum;
}
