// An ending: the result is kept.
//
//     output ← result
//
//   output   as vec4
//
// Bound by src/tape/ending.ts.

@group(0) @binding(20) var<storage, read_write> output: array<vec4f>;

fn finish(at: u32, result: vec4f) {
  output[at] = result;
}
