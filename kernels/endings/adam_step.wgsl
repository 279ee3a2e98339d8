// An ending: the result is the gradient for one step of AdamW (Kingma & Ba 2015, Algorithm 1;
// Loshchilov & Hutter 2019, Algorithm 2).
//
//     g = result + l2 · parameter
//     m ← β₁ m + (1 − β₁) g
//     v ← β₂ v + (1 − β₂) g²
//     direction = (f · m / (1 − β₁^t)) / (√(v / (1 − β₂^t)) + ε)
//     parameter ← keep · parameter − learning_rate · direction
//
// with keep = 1 − learning_rate · decay and f what the learning rate is multiplied with in the epoch (not in
// keep); f / (1 − β₁^t) and 1 / (1 − β₂^t) are the clock's. From vec4 `smoothed_from` on the last line is left to decayed_update.wgsl: STAIR first smooths
// the direction, not the gradient, over similar items (paper, Eq. 4).
//
//   first_moment, second_moment, parameter  m, v and the parameter, as vec4
//   direction                               the direction from vec4 `smoothed_from` on, as vec4 from 0 on
//
// Bound by src/tape/adamw.ts.

@group(0) @binding(21) var<storage, read_write> first_moment: array<vec4f>;
@group(0) @binding(22) var<storage, read_write> second_moment: array<vec4f>;
@group(0) @binding(23) var<storage, read_write> parameter: array<vec4f>;
@group(0) @binding(24) var<storage, read_write> direction: array<vec4f>;

override smoothed_from: u32;
override keep: f32;
override learning_rate: f32;
override l2: f32;
override decay_first: f32; // β₁
override gain_first: f32; // 1 − β₁, rounded once
override decay_second: f32; // β₂
override gain_second: f32; // 1 − β₂
override epsilon: f32;

fn finish(at: u32, result: vec4f) {
  var g = result;
  if (l2 != 0.0) {
    g += l2 * parameter[at];
  }
  let m = decay_first * first_moment[at] + gain_first * g;
  let v = decay_second * second_moment[at] + gain_second * g * g;
  first_moment[at] = m;
  second_moment[at] = v;
  let correction = clock.correction;
  let towards = m * correction.x / (sqrt(v * correction.y) + epsilon);
  if (at < smoothed_from) {
    parameter[at] = keep * parameter[at] - learning_rate * towards;
  } else {
    direction[at - smoothed_from] = towards;
  }
}
