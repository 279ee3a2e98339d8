/**
 * The words of the made shop: what its products are, what they are called and what they are for.
 * Brand names are made up by the generator.
 *
 * @module
 */

/** A kind of product. */
export interface Category {
  /** Its name in items.csv. */
  readonly name: string;
  /** What titles call such a product. */
  readonly nouns: readonly string[];
  /** What it is made of. */
  readonly materials: readonly string[];
  /** What titles praise. */
  readonly features: readonly string[];
  /** Typical price, in the shop's currency. */
  readonly price: number;
}

/** Every category; thumbnails hold one silhouette per name. */
export const CATEGORIES: readonly Category[] = [
  {
    name: "Mugs",
    nouns: ["Mug", "Coffee Mug", "Tea Cup", "Cup"],
    materials: ["Stoneware", "Enamel", "Porcelain"],
    features: ["with Lid", "Dishwasher Safe", "Large Handle", "Stackable"],
    price: 12,
  },
  {
    name: "Bottles",
    nouns: ["Water Bottle", "Flask", "Drinking Bottle"],
    materials: ["Steel", "Glass", "Tritan"],
    features: ["Leakproof", "Insulated", "with Straw", "Wide Mouth"],
    price: 21,
  },
  {
    name: "Backpacks",
    nouns: ["Backpack", "Rucksack", "Daypack"],
    materials: ["Canvas", "Nylon", "Waxed Cotton"],
    features: ["Roll Top", "with Laptop Sleeve", "Water Repellent", "Padded Straps"],
    price: 58,
  },
  {
    name: "Lamps",
    nouns: ["Table Lamp", "Desk Lamp", "Night Light"],
    materials: ["Brass", "Rattan", "Linen"],
    features: ["Dimmable", "with Timer", "Touch Switch", "Warm Light"],
    price: 39,
  },
  {
    name: "Chairs",
    nouns: ["Chair", "Folding Chair", "Stool"],
    materials: ["Oak", "Beech", "Aluminium"],
    features: ["with Armrests", "Stackable", "High Back", "Lightweight"],
    price: 72,
  },
  {
    name: "Tents",
    nouns: ["Tent", "Dome Tent", "Pop-Up Tent"],
    materials: ["Ripstop", "Polyester", "Cotton Blend"],
    features: ["Two Person", "Waterproof", "with Porch", "Four Season"],
    price: 120,
  },
  {
    name: "Balls",
    nouns: ["Ball", "Football", "Play Ball"],
    materials: ["Rubber", "Leather", "Foam"],
    features: ["Size 5", "Soft Touch", "with Pump", "High Grip"],
    price: 17,
  },
  {
    name: "Boots",
    nouns: ["Boots", "Ankle Boots", "Wellies"],
    materials: ["Leather", "Rubber", "Suede"],
    features: ["Slip Resistant", "Fleece Lined", "Waterproof", "Wide Fit"],
    price: 84,
  },
  {
    name: "Hats",
    nouns: ["Hat", "Sun Hat", "Brimmed Hat"],
    materials: ["Straw", "Felt", "Cotton"],
    features: ["Foldable", "UV Protection", "with Chin Strap", "Adjustable"],
    price: 25,
  },
  {
    name: "Shirts",
    nouns: ["T-Shirt", "Tee", "Jersey"],
    materials: ["Cotton", "Merino", "Bamboo"],
    features: ["Crew Neck", "Slim Fit", "Quick Dry", "Long Sleeve"],
    price: 29,
  },
  {
    name: "Clocks",
    nouns: ["Wall Clock", "Clock", "Silent Clock"],
    materials: ["Walnut", "Steel", "Acrylic"],
    features: ["Silent", "with Large Numbers", "Radio Controlled", "Glow in the Dark"],
    price: 34,
  },
  {
    name: "Kettles",
    nouns: ["Kettle", "Tea Kettle", "Stovetop Kettle"],
    materials: ["Steel", "Copper", "Enamel"],
    features: ["Whistling", "Fast Boil", "with Thermometer", "Gooseneck"],
    price: 46,
  },
  {
    name: "Notebooks",
    nouns: ["Notebook", "Journal", "Diary"],
    materials: ["Recycled Paper", "Kraft", "Linen"],
    features: ["Dotted Pages", "Hardcover", "with Elastic Band", "Lay Flat"],
    price: 14,
  },
  {
    name: "Planters",
    nouns: ["Planter", "Plant Pot", "Flower Pot"],
    materials: ["Terracotta", "Concrete", "Zinc"],
    features: ["with Saucer", "Self Watering", "Frost Proof", "Hanging"],
    price: 24,
  },
  {
    name: "Umbrellas",
    nouns: ["Umbrella", "Parasol", "Rain Umbrella"],
    materials: ["Polyester", "Pongee", "Fibreglass"],
    features: ["Windproof", "Automatic", "Compact", "with Wooden Handle"],
    price: 27,
  },
  {
    name: "Blankets",
    nouns: ["Blanket", "Throw", "Picnic Blanket"],
    materials: ["Wool", "Fleece", "Cotton"],
    features: ["Machine Washable", "Waterproof Back", "Extra Large", "with Fringe"],
    price: 44,
  },
];

/** What products are for; titles end in one of these. */
export const USES: readonly string[] = [
  "Camping",
  "Travel",
  "Kids",
  "the Garden",
  "the Office",
  "Hiking",
  "the Beach",
  "Yoga",
  "Festivals",
  "Cosy Evenings",
];

/** A colour, by name and by hue (degrees), saturation and value (both 0..1). */
export interface Colour {
  /** Its name in items.csv and in titles. */
  readonly name: string;
  /** Hue in degrees, saturation and value in 0..1. */
  readonly hsv: readonly [hue: number, saturation: number, value: number];
}

/** Every colour. */
export const COLOURS: readonly Colour[] = [
  { name: "Red", hsv: [2, 0.85, 0.82] },
  { name: "Orange", hsv: [27, 0.9, 0.95] },
  { name: "Yellow", hsv: [50, 0.85, 0.95] },
  { name: "Olive", hsv: [72, 0.6, 0.5] },
  { name: "Green", hsv: [135, 0.65, 0.6] },
  { name: "Teal", hsv: [178, 0.75, 0.58] },
  { name: "Sky Blue", hsv: [203, 0.55, 0.92] },
  { name: "Navy", hsv: [225, 0.75, 0.42] },
  { name: "Purple", hsv: [275, 0.6, 0.65] },
  { name: "Pink", hsv: [335, 0.45, 0.95] },
  { name: "Brown", hsv: [22, 0.65, 0.45] },
  { name: "Charcoal", hsv: [210, 0.1, 0.28] },
];
