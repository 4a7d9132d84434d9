/** A purchase as a user's history shows it. Decimals are text, exact, with as many digits as they were given with. */
export interface PurchaseEntry {
  readonly purchaseId: string;
  readonly productName: string;
  readonly productType: string;
  readonly value: string;
  /** A whole number from 1 up. */
  readonly quantity: number;
  readonly total: string;
  /** When the log got it: `2024-01-01T12:10:00Z`, with milliseconds only where they aren't zero. */
  readonly timestamp: string;
}

/** What a user owes in all, as exact decimal text, and for how many purchases. `"0"` and 0 for a user of whom nothing is known. */
export interface PurchaseTotal {
  readonly total: string;
  readonly count: number;
}

export interface HistoryRequest {
  /** 1 to 100. */
  readonly limit: number;
  /** The `next` of an earlier page; without it, the newest purchases. It comes from outside and may be any text. */
  readonly before?: string;
}

/** Part of a history, newest first. */
export interface HistoryPage {
  /** Of the whole history, not of this page. */
  readonly count: number;
  readonly purchases: readonly PurchaseEntry[];
  /** Where there is more: what to ask for next. Opaque text of printable ASCII characters. */
  readonly next?: string;
}

/** What users bought. Strongly consistent: whatever was processed before the question is in the answer. */
export interface PurchaseViews {
  /** `userId`: 1 to 1,024 UTF-8 bytes, as everywhere below. */
  total(userId: string): Promise<PurchaseTotal>;
  /** `undefined` where `before` is nothing that a page could have given as `next`. */
  history(userId: string, request: HistoryRequest): Promise<HistoryPage | undefined>;
}
