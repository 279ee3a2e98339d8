// An ending: the result is the smoothed direction of a step of AdamW with decoupled weight decay
// (Loshchilov & Hutter 2019, Algorithm 2; paper, Eq. 4).
//
//     parameter ← keep · parameter − learning_rate · result,   keep = 1 − learning_rate · decay
//
//   parameter   embeddings, as vec4; updated from vec4 `first` on
//
// Bound by src/tape/adamw.ts.

@group(0) @binding(20) var<storage, read_write> parameter: array<vec4f>;

override first: u32;
override keep: f32;
override learning_rate: f32;

fn finish(at: u32, result: vec4f) {
  parameter[first + at] = keep * parameter[first + at] - learning_rate * result;
}
