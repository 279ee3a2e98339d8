// How a gather sums up: each group its own row, entry by entry.
//
//     sum = Σ_e weight_e · input_neighbour(e)
//
// For software adapters, where an invocation more is work and not company. Bound by src/ops/graphs/gather.ts.

fn sum_of(stretch: Stretch, c: u32, local: u32) -> vec4f {
  var sum = vec4f();
  for (var entry = stretch.first; entry < stretch.end; entry++) {
    sum += weight_of(entry) * input[neighbour_of(entry) * dim4 + c];
  }
  return sum;
}
