// How a gather sums up: each group its part of a row, then the parts, pair by pair.
//
//     sum = Σ_e weight_e · input_neighbour(e)
//
// A row of `input` takes hundreds of cycles to come. So four are asked for before the first is added, though
// they are added in order; past the end it is the last entry's row, with weight 0.
//
// Bound by src/ops/graphs/gather.ts.

var<workgroup> sums: array<vec4f, 256>; // 16 groups of 16 invocations
var<workgroup> most: u32;

const vectors = 1u;

fn sum_up(stretch: Stretch, first: u32, local: u32) {
  let c = min(first, dim4 - 1u); // beyond the row in vain
  var sum = vec4f();
  for (var entry = stretch.first; entry < stretch.end; entry += 4u) {
    let each = min(entry + vec4u(0u, 1u, 2u, 3u), vec4u(stretch.end - 1u));
    let inside = vec4u(entry) + vec4u(0u, 1u, 2u, 3u) < vec4u(stretch.end);
    let there = vec4f(weight_of(each.x), weight_of(each.y), weight_of(each.z), weight_of(each.w));
    let weight = select(vec4f(), there, inside);
    let x = input[neighbour_of(each.x) * dim4 + c];
    let y = input[neighbour_of(each.y) * dim4 + c];
    let z = input[neighbour_of(each.z) * dim4 + c];
    let w = input[neighbour_of(each.w) * dim4 + c];
    sum += weight.x * x;
    sum += weight.y * y;
    sum += weight.z * z;
    sum += weight.w * w;
  }
  // Of p parts, part i takes up part i + p/2, then i + p/4, …, and part 0 ends with the whole sum.
  if (local == 0u) {
    most = most_parts(stretch);
  }
  for (var half = workgroupUniformLoad(&most) / 2u; half > 0u; half /= 2u) {
    sums[local] = sum;
    workgroupBarrier();
    if (half < stretch.parts && stretch.part < half) {
      sum += sums[local + half * lanes];
    }
    workgroupBarrier();
  }
  finish_sum(stretch, first, sum);
}
