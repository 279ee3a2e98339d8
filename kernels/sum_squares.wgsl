// Sums of squares of a stretch of an array, in as many parts as there are workgroups:
//
//     part_sum_(slot + w) = Σ_i x_i²     over the w-th part of [first, first + elements)
//
// Each workgroup walks its part and adds up its invocations' sums as a tree: the order is fixed.
//
//   x         the array
//   part_sum   one number per part
//
// Dispatched by src/ops/losses/norm_penalty.ts with a fixed number of workgroups.

struct Params {
  first: u32,
  elements: u32,
  slot: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> part_sum: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const workgroup_size = 128u;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let part = (params.elements + here.workgroups.x - 1u) / here.workgroups.x;
  let end = min((here.workgroup.x + 1u) * part, params.elements);
  var sum = 0.0;
  for (var i = here.workgroup.x * part + here.local; i < end; i += workgroup_size) {
    let entry = x[params.first + i];
    sum += entry * entry;
  }
  sums[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (here.local == 0u) {
    part_sum[params.slot + here.workgroup.x] = sums[0];
  }
}
