// Who walks what: the rows of a result one after the other, with as many groups set aside for each as for any
// other. A short row does with fewer: each walks a run of its entries, of `longest` where they are enough. For
// rows or entries that are known on the GPU alone; rows of more than `most_entries`, for which the groups would be
// too few, are left to others.
//
// Bound by src/ops/graphs/gather.ts.

override share: u32; // groups set aside for a row: a power of two, at most 16
override longest: u32;
override most_entries: u32;

fn stretch_at(group: u32) -> Stretch {
  let place = first_place() + group / share;
  if (place >= end_place()) {
    return Stretch();
  }
  let row = row_at(place);
  let end = end_entry(place, row);
  let first = first_entry(place, row);
  if (end - first > most_entries) {
    return Stretch();
  }
  var parts = 1u;
  while (parts < share && parts * longest < end - first) {
    parts *= 2u;
  }
  let part = group % share;
  if (part >= parts) {
    return Stretch();
  }
  let length = (end - first + parts - 1u) / parts;
  let begin = min(first + part * length, end);
  return Stretch(row, begin, min(begin + length, end), parts, part);
}

fn most_parts(first_of_workgroup: Stretch) -> u32 {
  return share;
}
