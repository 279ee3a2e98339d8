// One step of AdamW (Kingma & Ba 2015, Algorithm 1; Loshchilov & Hutter 2019, Algorithm 2) for gradient g:
//
//     m ← β₁ m + (1 − β₁) g
//     v ← β₂ v + (1 − β₂) g²
//     parameter ← keep · parameter − learning_rate · (f · m / (1 − β₁^t)) / (√(v / (1 − β₂^t)) + ε)
//
// with keep = 1 − learning_rate · decay and f what the learning rate is multiplied with in the epoch (not
// in keep). Where the direction is smoothed before it is applied, the two halves are kernels of their own:
// adam_direction.wgsl and decayed_update.wgsl.
//
//   clock       number of the batch within the epoch, and since training was set up
//   schedule    per batch of the epoch, f / (1 − β₁^t) and 1 / (1 − β₂^t), made in f64
//   gradient, first_moment, second_moment, parameter   g, m, v and the parameter, as vec4
//
// Dispatched by src/ops/adamw.ts.

struct Params {
  first: u32, // vec4 to begin with
  vectors: u32, // vec4 to update
  keep: f32,
  learning_rate: f32,
  decay_first: f32, // β₁
  gain_first: f32, // 1 − β₁, rounded once
  decay_second: f32, // β₂
  gain_second: f32, // 1 − β₂
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> schedule: array<vec2f>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> first_moment: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> second_moment: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> parameter: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.x * workgroups.y + workgroup.y) * workgroup_size + local;
  if (invocation >= params.vectors) {
    return;
  }
  let i = params.first + invocation;
  let g = gradient[i];
  let m = params.decay_first * first_moment[i] + params.gain_first * g;
  let v = params.decay_second * second_moment[i] + params.gain_second * g * g;
  let correction = schedule[clock[0]];
  first_moment[i] = m;
  second_moment[i] = v;
  let direction = m * correction.x / (sqrt(v * correction.y) + params.epsilon);
  parameter[i] = params.keep * parameter[i] - params.learning_rate * direction;
}
