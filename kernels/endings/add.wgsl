// An ending: the result is added to what is there.
//
//     total ← total + result
//
//   total   as vec4
//
// Bound by src/tape/ending.ts.

@group(0) @binding(20) var<storage, read_write> total: array<vec4f>;

fn finish(at: u32, result: vec4f) {
  total[at] += result;
}
