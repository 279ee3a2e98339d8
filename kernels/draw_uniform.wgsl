// Draws random numbers, or which elements dropout keeps:
//
//     draw_i uniform in [0, 1),   or   draw_i = 1 with probability 1 − rate, 0 otherwise
//
// The random bits are a hash of (seed, number of the batch since training was set up, i): PCG4D (Jarzynski
// & Olano, "Hash Functions for GPU Rendering", JCGT 2020), so that none depends on another.
//
//   draw    `elements` numbers
//
// Dispatched by src/ops/rows/draw_uniform.ts, also for src/ops/rows/dropout.ts.

struct Params {
  elements: u32,
  as_mask: u32, // 0 or 1
  rate: f32,
  seed_low: u32,
  seed_high: u32,
}

@group(0) @binding(0) var<storage, read_write> draw: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

override workgroup_size: u32 = 128;

fn pcg4d(input: vec4u) -> vec4u {
  var v = input * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i >= params.elements) {
    return;
  }
  let bits = pcg4d(vec4u(params.seed_low, params.seed_high, clock.count, i)).x;
  // As many bits as f32 holds: uniform in [0, 1).
  let number = f32(bits >> 8u) / 16777216.0;
  draw[i] = select(number, select(0.0, 1.0, number >= params.rate), params.as_mask == 1u);
}
