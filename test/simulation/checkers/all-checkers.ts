import type { Checker, CheckerOf, Watched } from "./checker.ts";
import { closingsStayBehindTheFloors } from "./closings-stay-behind-the-floors.ts";
import { countsAreThoseOfTheRecords } from "./counts-are-those-of-the-records.ts";
import { dueListsAreCleared } from "./due-lists-are-cleared.ts";
import { everyRecordHasOneFate } from "./every-record-has-one-fate.ts";
import { everyWaitHasItsEnd } from "./every-wait-has-its-end.ts";
import { finalRowsAreTheOracles } from "./final-rows-are-the-oracles.ts";
import { noPositionInTwoObjects } from "./no-position-in-two-objects.ts";
import { nothingFinalChanges } from "./nothing-final-changes.ts";
import { outputsArrive } from "./outputs-arrive.ts";
import { revisionsHaveNoHoles } from "./revisions-have-no-holes.ts";
import { statesStaySmall } from "./states-stay-small.ts";
import { tablesHoldTheLastChange } from "./tables-hold-the-last-change.ts";
import { totalsAreThoseOfTheirFacts } from "./totals-are-those-of-their-facts.ts";
import { verdictsFollowTheClaims } from "./verdicts-follow-the-claims.ts";
import { watermarksNeverGoBack } from "./watermarks-never-go-back.ts";

const all: readonly CheckerOf[] = [
  ...[verdictsFollowTheClaims, everyRecordHasOneFate, finalRowsAreTheOracles, noPositionInTwoObjects],
  ...[
    tablesHoldTheLastChange,
    revisionsHaveNoHoles,
    nothingFinalChanges,
    outputsArrive,
    totalsAreThoseOfTheirFacts,
    everyWaitHasItsEnd,
  ],
  ...[
    watermarksNeverGoBack,
    closingsStayBehindTheFloors,
    dueListsAreCleared,
    statesStaySmall,
    countsAreThoseOfTheRecords,
  ],
];

/** `fail`: told the name of a checker and what it has found. */
export function checkersOf(world: Watched, fail: (name: string, message: string) => void): Checker[] {
  return all.map((checkerOf) => {
    const checker: Checker = checkerOf(world, (message) => fail(checker.name, message));
    return checker;
  });
}
