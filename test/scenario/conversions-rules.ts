import type { Scenario } from "./conversions-play.ts";

/** A record of another user that puts the watermark of partition 0 at 12:08, and what it adds to the answer. */
const at1208 = "12:13 conversion aside hats u9";
const aside = "aside <- nobody";

/** The tests of the system that this one replaces; where it was wrong, the answer is the right one. */
export const replaced: readonly Scenario[] = [
  ["a click 4 s before the conversion", "12:00:01 click c1 shoes; 12:00:05 conversion v1 shoes 99.99", "v1 <- c1"],
  [
    "a click 1 s more than 24 h before the conversion, which is not lost for that",
    "12:00:01 click c1 shoes; 1d12:00:02 conversion v1 shoes",
    "v1 <- nobody",
  ],
  ["a click 4 s after the conversion", "12:00:01 conversion v1 shoes; 12:00:05 click c1 shoes", "v1 <- nobody"],
  [
    "a conversion sent twice, 1 s apart",
    "12:00:01 click c1 shoes; 12:00:05 conversion v1 shoes; 12:00:06 conversion v1 shoes",
    "v1 <- c1; 1 duplicate",
  ],
  ["a conversion without a click, which is not lost for that", "12:00:05 conversion v1 shoes", "v1 <- nobody"],
  [
    "two campaigns, one conversion worth nothing",
    "12:00:01 click c1 shoes; 12:00:02 click c2 hats; 12:00:05 conversion v1 shoes 50.00; 12:00:06 conversion v2 hats 0.00",
    "v1 <- c1; v2 <- c2",
  ],
  ["a click exactly 24 h before the conversion", "12:00:01 click c1 shoes; 1d12:00:01 conversion v1 shoes", "v1 <- c1"],
];

/** Who gets the credit. */
export const lastClick: readonly Scenario[] = [
  [
    "the latest click by event time wins, whichever came first",
    "12:03 click c2 shoes; 12:01 click c1 shoes; 12:05 conversion v1 shoes",
    "v1 <- c2",
  ],
  [
    "an older click that comes after the conversion does not take it from a newer one",
    "12:03 click c2 shoes; 12:05 conversion v1 shoes; 12:01 click c1 shoes",
    "v1 <- c2",
  ],
  [
    "a click that comes after its conversion still wins it",
    "12:05 conversion v1 shoes; 12:03 click c1 shoes",
    "v1 <- c1",
  ],
  [
    "a newer click that comes after the conversion takes it from an older one",
    "12:01 click c1 shoes; 12:05 conversion v1 shoes; 12:03 click c2 shoes",
    "v1 <- c2",
  ],
  [
    "a later click of another campaign takes nothing",
    "12:01 click c1 shoes; 12:04 click c2 hats; 12:05 conversion v1 shoes; 12:04:30 click c3 hats",
    "v1 <- c1",
  ],
  ["a click of another campaign alone is nobody's", "12:01 click c1 hats; 12:05 conversion v1 shoes", "v1 <- nobody"],
  ["a campaign whose name begins alike is another", "12:01 click c1 shoes2; 12:05 conversion v1 shoes", "v1 <- nobody"],
  [
    "each campaign has a last click of its own",
    "12:01 click c1 shoes; 12:02 click c2 hats; 12:03 click c3 shoes; 12:05 conversion v1 hats; 12:06 conversion v2 shoes",
    "v1 <- c2; v2 <- c3",
  ],
  ["a click of another user is nobody's", "12:01 click c1 shoes u2; 12:05 conversion v1 shoes u1", "v1 <- nobody"],
  ["a click in another partition is nobody's", "12:01 click c1 shoes p1; 12:05 conversion v1 shoes p0", "v1 <- nobody"],
  [
    "one click gets the credit for many conversions",
    "12:01 click c1 shoes; 12:05 conversion v1 shoes; 12:06 conversion v2 shoes",
    "v1 <- c1; v2 <- c1",
  ],
  [
    "clicks of one time: the greater id wins, coming last",
    "12:01 click a shoes; 12:01 click b shoes; 12:05 conversion v1 shoes",
    "v1 <- b",
  ],
  [
    "clicks of one time: the greater id wins, coming first",
    "12:01 click b shoes; 12:01 click a shoes; 12:05 conversion v1 shoes",
    "v1 <- b",
  ],
  [
    "clicks of one time: the greater id wins, coming after the conversion",
    "12:01 click a shoes; 12:05 conversion v1 shoes; 12:01 click b shoes",
    "v1 <- b",
  ],
  [
    "clicks of one time: the smaller id loses, coming after the conversion",
    "12:01 click b shoes; 12:05 conversion v1 shoes; 12:01 click a shoes",
    "v1 <- b",
  ],
  [
    "clicks of one time: the greater id of another campaign takes nothing",
    "12:01 click a shoes; 12:01 click b hats; 12:05 conversion v1 shoes",
    "v1 <- a",
  ],
  [
    "ids are compared by code point, not by UTF-16 unit",
    "12:01 click c😀 shoes; 12:01 click c～ shoes; 12:05 conversion v1 shoes",
    "v1 <- c😀",
  ],
];

/** Both ends of the attribution window. */
export const window: readonly Scenario[] = [
  [
    "a click 1 ms less than the window old counts",
    "12:00 click c1 shoes; 1d11:59:59.999 conversion v1 shoes",
    "v1 <- c1",
  ],
  ["a click exactly the window old counts", "12:00 click c1 shoes; 1d12:00 conversion v1 shoes", "v1 <- c1"],
  [
    "a click 1 ms more than the window old doesn't",
    "12:00 click c1 shoes; 1d12:00:00.001 conversion v1 shoes",
    "v1 <- nobody",
  ],
  ["a click of the conversion's own millisecond counts", "12:00 click c1 shoes; 12:00 conversion v1 shoes", "v1 <- c1"],
  [
    "a click of the conversion's own millisecond counts, coming after it",
    "12:00 conversion v1 shoes; 12:00 click c1 shoes",
    "v1 <- c1",
  ],
  [
    "a click 1 ms after the conversion doesn't",
    "12:00:00.001 click c1 shoes; 12:00 conversion v1 shoes",
    "v1 <- nobody",
  ],
  [
    "a click that comes late, exactly the window old, counts",
    "12:02 conversion v1 shoes; 12:00 click c1 shoes",
    "v1 <- c1",
    { attributionWindow: 2 * 60_000 },
  ],
  [
    "a click that comes late, 1 ms more than the window old, doesn't",
    "12:02:00.001 conversion v1 shoes; 12:00 click c1 shoes",
    "v1 <- nobody",
    { attributionWindow: 2 * 60_000 },
  ],
  [
    "with a window of 0 only the same millisecond counts",
    "12:00 click c1 shoes; 12:00 conversion v1 shoes; 12:00:00.001 conversion v2 shoes",
    "v1 <- c1; v2 <- nobody",
    { attributionWindow: 0 },
  ],
];

/** Late is what lies before the watermark; equal is on time. Clicks and conversions move it alike. */
export const watermark: readonly Scenario[] = [
  [
    "a conversion 1 ms before the watermark is late",
    `${at1208}; 12:07:59.999 conversion v1 shoes`,
    `${aside}; late v1 at 12:08`,
  ],
  [
    "a conversion exactly at the watermark is on time",
    `${at1208}; 12:08 conversion v1 shoes`,
    `v1 <- nobody; ${aside}`,
  ],
  [
    "a click 1 ms before the watermark is late",
    `12:08 conversion v1 shoes; ${at1208}; 12:07:59.999 click c1 shoes`,
    `v1 <- nobody; ${aside}; late c1 at 12:08`,
  ],
  [
    "a click exactly at the watermark wins a conversion that is not final",
    `12:08 conversion v1 shoes; ${at1208}; 12:08 click c1 shoes`,
    `v1 <- c1; ${aside}`,
  ],
  ["clicks alone move the watermark", "12:13 click c9 hats u9; 12:07:59.999 conversion v1 shoes", "late v1 at 12:08"],
  [
    "what is ignored doesn't move the watermark",
    'value {"event_type":"view","timestamp":"2024-01-01T12:04:00Z"}; 12:00 conversion v1 shoes; 11:55 conversion v2 shoes',
    "v2 <- nobody; v1 <- nobody; 1 ignored",
  ],
  [
    "what is late in one partition is on time in another",
    `${at1208}; 12:00 conversion v1 shoes p1; 12:00 conversion v2 shoes p0`,
    `v1 <- nobody; ${aside}; late v2 at 12:08`,
  ],
];

export const duplicates: readonly Scenario[] = [
  [
    "a click sent again changes nothing",
    "12:05 conversion v1 shoes; 12:03 click c1 shoes; 12:03 click c1 shoes",
    "v1 <- c1; 1 duplicate",
  ],
  [
    "a click sent again under another campaign changes nothing",
    "12:03 click c1 shoes; 12:04 click c1 hats; 12:05 conversion v1 shoes; 12:05 conversion v2 hats",
    "v1 <- c1; v2 <- nobody; 1 duplicate",
  ],
  [
    "a conversion sent again under another campaign changes nothing",
    "12:04 click c1 hats; 12:05 conversion v1 shoes; 12:05 conversion v1 hats",
    "v1 <- nobody; 1 duplicate",
  ],
  ["a click and a conversion may bear one id", "12:03 click same shoes; 12:05 conversion same shoes", "same <- same"],
  [
    "an id exactly at the watermark is still known",
    `12:08 conversion v1 shoes; ${at1208}; 12:09 conversion v1 shoes`,
    `v1 <- nobody; ${aside}; 1 duplicate`,
  ],
  [
    "an id 1 ms before the watermark is forgotten",
    `12:07:59.999 conversion v1 shoes; ${at1208}; 12:09 conversion v1 shoes`,
    `v1 <- nobody; v1 <- nobody; ${aside}`,
  ],
  [
    "a click id 1 ms before the watermark is forgotten, though the click is kept",
    `12:07:59.999 click c1 shoes; ${at1208}; 12:09 click c1 shoes; 12:09 conversion v1 shoes`,
    `v1 <- c1; ${aside}`,
  ],
  [
    "late comes before duplicate",
    `12:05 conversion v1 shoes; ${at1208}; 12:05 conversion v1 shoes`,
    `v1 <- nobody; ${aside}; late v1 at 12:08`,
  ],
];

export const unusable: readonly Scenario[] = [
  [
    "what can't be read is rejected, and its partition goes on",
    '12:00 click c1 shoes; value nonsense; value {"event_type":"click","event_id":"c2"}; 12:01 conversion v1 shoes',
    "v1 <- c1; malformed nonsense at 11:55; malformed c2 at 11:55",
  ],
  [
    "a value that is no exact decimal is rejected",
    "12:00 conversion v1 shoes 0.0000001; 12:00 conversion v2 shoes 1e18; 12:01 conversion v3 shoes 1e17",
    "v3 <- nobody; malformed v1; malformed v2",
  ],
  [
    "an event of another type is ignored, whatever else is wrong with it; one of no type is rejected",
    'value {"event_type":"impression"}; value {"event_id":"x"}; value {"event_type":null,"event_id":"y"}',
    "malformed x; malformed y; 1 ignored",
  ],
  ["a tombstone is ignored", "12:00 conversion v1 shoes; tombstone", "v1 <- nobody; 1 ignored"],
  [
    "an event time exactly the skew ahead of its record is fine, 1 ms more is from the future",
    "12:10 conversion v1 shoes @12:05; 12:10:00.001 conversion v2 shoes @12:05",
    "v1 <- nobody; future v2 at 12:05",
  ],
];

/** What has to be remembered, and what others must not make forget. */
export const state: readonly Scenario[] = [
  [
    "behind the watermark the last click of each campaign is still there",
    "12:00 click c1 shoes; 12:01 click c2 shoes; 12:02 click c3 hats; 13:00 click c4 bags; close; 14:00 click c5 bags; 14:00 conversion v1 shoes; 14:01 conversion v2 hats",
    "v1 <- c2; v2 <- c3",
  ],
  [
    "a click that only the watermark itself can reach is still there",
    "12:00 click c1 shoes; 12:00 click c2 hats; 1d12:05 conversion aside hats u9; 1d12:05 click c3 bags; 1d12:05 click c4 bags; 1d12:00 conversion v1 shoes; 1d12:00:00.001 conversion v2 hats",
    "v1 <- c1; v2 <- nobody; aside <- nobody",
  ],
  [
    "closing buckets early changes no answer",
    "12:00 click c1 shoes; close; 12:05 conversion v1 shoes; close; 12:04 click c2 shoes; close; 12:20 click c3 shoes; close; 12:21 conversion v3 shoes; close; 12:19 click c4 shoes; close; 12:19:30 conversion v4 shoes; close",
    "v1 <- c2; v4 <- c4; v3 <- c3",
  ],
  [
    "a conversion that waits for its bucket keeps its click, which nothing else needs any more",
    "12:00 click c1 shoes; 12:01 conversion v1 shoes; 12:01:30 click c2 shoes; 12:07 click c3 bags; 12:08 click c4 bags; 12:15 click c5 bags; close",
    "v1 <- c1",
  ],
];
