// How a gather sums up: each group its own row, entry by entry.
//
//     sum = Σ_e weight_e · input_neighbour(e)
//
// For software adapters, where an invocation more is work and not company: each takes four vec4 of the row, so
// that it asks once for an entry. Bound by src/ops/graphs/gather.ts.

const vectors = 4u;

fn sum_up(stretch: Stretch, first: u32, local: u32) {
  let c = first + lanes * vec4u(0u, 1u, 2u, 3u);
  let within = min(c, vec4u(dim4 - 1u)); // beyond the row the last vec4 is summed in vain
  var sum = mat4x4f();
  for (var entry = stretch.first; entry < stretch.end; entry++) {
    let at = neighbour_of(entry) * dim4 + within;
    sum += weight_of(entry) * mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
  }
  finish_sum(stretch, c.x, sum[0]);
  finish_sum(stretch, c.y, sum[1]);
  finish_sum(stretch, c.z, sum[2]);
  finish_sum(stretch, c.w, sum[3]);
}
