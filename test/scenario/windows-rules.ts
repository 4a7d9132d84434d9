import type { Scenario } from "./windows-play.ts";

const minute = 60_000;

/** Into which window an event falls: its start is in it, its end is not. */
export const boundaries: readonly Scenario[] = [
  ["an event at the start of a window is in it", "12:10 a", "u1 12:10 1"],
  ["an event 1 ms before the start of a window is in the one before", "12:09:59.999 a", "u1 12:05 1"],
  ["an event 1 ms before the end of a window is in it", "12:14:59.999 a", "u1 12:10 1"],
  ["an event at the end of a window is in the next", "12:15 a", "u1 12:15 1"],
  ["all of a window's events are in one row", "12:10 a; 12:12 b; 12:14:59.999 c", "u1 12:10 3"],
  ["windows don't mix", "12:09:59.999 a; 12:10 b; 12:15 c; 12:14:59.999 d", "u1 12:05 1; u1 12:10 2; u1 12:15 1"],
  ["the order of arrival doesn't matter", "12:14 c; 12:10 a; 12:12 b", "u1 12:10 3"],
  ["users don't mix", "12:10 a u1; 12:10 b u2; 12:11 c u2", "u1 12:10 1; u2 12:10 2"],
  [
    "users don't mix whose names look like keys",
    "12:10 a u|1; 12:10 b u; 12:10 c u|2024-01-01T12:10:00Z; 12:10 d u||; 12:10 e u|1",
    "u|1 12:10 2; u 12:10 1; u|2024-01-01T12:10:00Z 12:10 1; u|| 12:10 1",
  ],
  [
    "windows may be as long as a day; the day is that of UTC",
    "00:00 a; 23:59:59.999 b",
    "u1 00:00-00:00 2",
    { windowSize: 1_440 * minute, allowedLateness: 1_440 * minute },
  ],
  [
    "windows are aligned to the epoch, also where they don't fit into an hour",
    "11:55 a; 12:00 b; 12:01:59.999 c; 12:02 d",
    "u1 11:55-12:02 3; u1 12:02-12:09 1",
    { windowSize: 7 * minute },
  ],
  [
    "windows may be as short as a second and its fractions",
    "12:00:00.999 a; 12:00:01 b; 12:00:01.499 c; 12:00:01.500 d",
    "u1 12:00:00.500-12:00:01 1; u1 12:00:01-12:00:01.500 2; u1 12:00:01.500-12:00:02 1",
    { windowSize: 500 },
  ],
];

export const amounts: readonly Scenario[] = [
  ["0.1 and 0.2 are 0.3", "12:10 a 0.1; 12:11 b 0.2", "u1 12:10 2 of 0.3 (0.1 to 0.2)"],
  ["an amount of null counts as 0", "12:10 a null; 12:11 b 5", "u1 12:10 2 of 5 (0 to 5)"],
  ["an amount that is missing counts as 0", "12:10 a none", "u1 12:10 1 of 0 (0 to 0)"],
  ["negative amounts count as what they are", "12:10 a -2; 12:11 b -7", "u1 12:10 2 of -9 (-7 to -2)"],
  ["amounts may cancel out", "12:10 a 2.50; 12:11 b -2.50", "u1 12:10 2 of 0.00 (-2.50 to 2.50)"],
  [
    "sums may be larger than any amount",
    "12:10 a 999999999999999999; 12:11 b 999999999999999999; 12:12 c 0.000001",
    "u1 12:10 3 of 1999999999999999998.000001 (0.000001 to 999999999999999999)",
  ],
];

export const duplicates: readonly Scenario[] = [
  ["an event sent again changes nothing", "12:10 a 5; 12:10 a 5; 12:10 a 5", "u1 12:10 1 of 5 (5 to 5); 2 duplicate"],
  ["of one id the first occurrence wins", "12:10 a 5; 12:11 a 7", "u1 12:10 1 of 5 (5 to 5); 1 duplicate"],
  [
    "an id is known as long as its window is open",
    "12:10 a; 12:24:59.999 b; 12:14 a",
    "u1 12:10 1; u1 12:20 1; 1 duplicate",
  ],
  ["late comes before duplicate", "12:10 a; 12:25 b; 12:10 a", "u1 12:10 1; u1 12:25 1; late a at 12:15"],
  ["an id is known within its window: in another it is another event", "12:10 a; 12:15 a", "u1 12:10 1; u1 12:15 1"],
  [
    "an id is known within its user: of another it is another event",
    "12:10 a u1; 12:10 a u2",
    "u1 12:10 1; u2 12:10 1",
  ],
  [
    "a UUID is not the same in small letters and in capitals",
    "12:10 864fd26f-b559-f75b-0000-0000ffffffff; 12:10 864FD26F-B559-F75B-0000-0000FFFFFFFF; 12:11 864fd26f-b559-f75b-0000-0000ffffffff",
    "u1 12:10 2; 1 duplicate",
  ],
];

/** An event is late when its window is final, and that is when the watermark has reached its end. */
export const watermark: readonly Scenario[] = [
  [
    "with the watermark 1 ms before its window's end an event is on time",
    "12:24:59.999 x u9; 12:14:59.999 a; 12:10 b",
    "u1 12:10 2; u9 12:20 1",
  ],
  [
    "with the watermark at its window's end an event is late",
    "12:25 x u9; 12:14:59.999 a; 12:15 b",
    "u1 12:15 1; u9 12:25 1; late a at 12:15",
  ],
  [
    "with the watermark 1 ms after its window's end an event is late",
    "12:25:00.001 x u9; 12:14:59.999 a; 12:15 b",
    "u1 12:15 1; u9 12:25 1; late a at 12:15:00.001",
  ],
  [
    "an event behind the watermark is on time while its window is open",
    "12:24 x u9; 12:10 a; 12:09:59.999 b",
    "u1 12:10 1; u9 12:20 1; late b at 12:14",
  ],
  [
    "a record doesn't move the watermark that it is judged by",
    "12:10 a; 13:00 b; 12:49:59.999 c; 12:50 d",
    "u1 12:10 1; u1 12:50 1; u1 13:00 1; late c at 12:50",
  ],
  [
    "an older record on time doesn't move the watermark back",
    "12:25 x u9; 12:15 a; 12:14:59.999 b",
    "u1 12:15 1; u9 12:25 1; late b at 12:15",
  ],
  [
    "a record that was rejected doesn't move the watermark",
    '13:00 f @12:30; bad {"eventId":"m","userId":7,"eventTime":"2024-01-01T13:00:00Z","amount":"x"}; 12:10 a',
    "u1 12:10 1; future f; malformed m",
  ],
  [
    "with a lateness of 0 a window is final once an event of the next has come",
    "12:14 a; 12:14:59.999 b; 12:15 c; 12:14:59.999 d",
    "u1 12:10 2; u1 12:15 1; late d at 12:15",
    { allowedLateness: 0 },
  ],
  [
    "closing early changes no answer",
    "12:10 a; close; 12:15 b; close; 12:25 c; close; 12:14 d; close; 12:15 e; close",
    "u1 12:10 1; u1 12:15 2; u1 12:25 1; late d at 12:15",
  ],
];

const two = { partitions: 2 };

/** The watermarks of all partitions count together. */
export const partitions: readonly Scenario[] = [
  [
    "nothing is late until each partition was seen",
    "13:00 x u9; 12:00 a; close; 13:00 y u9 p1; 12:49:59.999 b",
    "u1 12:00 1; u9 13:00 2; late b at 12:50",
    two,
  ],
  [
    "nothing is late until each partition was seen, not even in the last one",
    "13:00 x u9; 12:00 a p1; 12:00 b",
    "u1 12:00 2; u9 13:00 1",
    two,
  ],
  [
    "what was rejected as malformed hasn't been seen",
    "12:00 x u9 p1; bad nonsense; 13:00 y u9 p1; 12:00 a p1",
    "u1 12:00 1; u9 12:00 1; u9 13:00 1; malformed nonsense",
    two,
  ],
  [
    "the slower partition holds the watermark back",
    "13:00 x u9; 12:25 y u9 p1; 12:15 a; 12:14:59.999 b; 12:14:59.999 c p1",
    "u1 12:15 1; u9 12:25 1; u9 13:00 1; late b at 12:15; late c at 12:15",
    two,
  ],
  [
    "a partition that comes on moves the watermark of both",
    "12:10 x u9; 13:00 y u9 p1; 12:10 a p1; 13:00 z u9; 12:10 b p1; 12:10 c",
    "u1 12:10 1; u9 12:10 1; u9 13:00 2; late c at 12:50; late b at 12:50",
    two,
  ],
  [
    "a user's events from two partitions are in one row",
    "12:10 a 0.1; 12:11 b 0.2 p1; 12:12 c 5",
    "u1 12:10 3 of 5.3 (0.1 to 5)",
    two,
  ],
  [
    "an id is known in whatever partition it comes again",
    "12:10 a 5; 12:10 a 7 p1; 12:10 b p1; 12:11 b",
    "u1 12:10 2 of 6 (1 to 5); 2 duplicate",
    two,
  ],
  [
    "with three partitions all three count",
    "13:00 x u9; 13:00 y u9 p1; 12:00 a p1; 12:25 z u9 p2; 12:14:59.999 b; 12:15 c p1",
    "u1 12:00 1; u1 12:15 1; u9 12:25 1; u9 13:00 2; late b at 12:15",
    { partitions: 3 },
  ],
  [
    "closing early changes no answer, whichever partition is ahead",
    "13:00 x u9; close; 12:10 a p1; close; 12:25 y u9 p1; close; 12:26 z u9; close; 12:14 b p1; close; 12:15 c; close",
    "u1 12:10 1; u1 12:15 1; u9 12:25 2; u9 13:00 1; late b at 12:15",
    two,
  ],
];

export const unusable: readonly Scenario[] = [
  [
    "what is no JSON is rejected, and its partition goes on",
    '12:10 a; bad {"eventId":; bad nonsense; 12:11 b',
    'u1 12:10 2; malformed {"eventId": at 12:00; malformed nonsense at 12:00',
  ],
  [
    "an amount that is no number is rejected",
    '12:10 a; bad {"eventId":"b","userId":"u1","eventTime":"2024-01-01T12:10:00Z","amount":"much"}',
    "u1 12:10 1; malformed b at 12:00",
  ],
  [
    "an event without a user is rejected",
    '12:10 a; bad {"eventId":"b","eventTime":"2024-01-01T12:10:00Z","amount":1}',
    "u1 12:10 1; malformed b at 12:00",
  ],
  ["a tombstone is ignored", "12:10 a; tombstone; 12:11 b", "u1 12:10 2; 1 ignored"],
  ["an event time exactly the skew ahead of its record is fine", "12:10 a @12:05", "u1 12:10 1"],
  ["an event time 1 ms further ahead is from the future", "12:10:00.001 a @12:05", "future a"],
  [
    "what is both from the future and late is from the future",
    "12:25 x u9; 12:10 a @11:00",
    "u9 12:25 1; future a at 12:15",
  ],
];
