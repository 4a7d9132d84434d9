import type { Random } from "../../localstack/generate/random.ts";

/** What can befall a call of a port, by what the call does. */
const ofCalls = {
  /** Not done, and the caller is told so. */
  throttled: ["read", "write"],
  /** Done; the caller is told that it failed. */
  "answer lost": ["write"],
  /** The caller is told that it failed; it is done some time later, whatever has happened by then. */
  "landed late": ["write"],
  /** Done, the answer is lost, and the client asks again: whatever stands there by then is the answer. */
  "asked twice": ["write"],
  /** The invocation ends before the call is done. */
  death: ["read", "write", "send"],
  /** The invocation ends right after. */
  "death after landing": ["write", "send"],
  /** The invocation stands still while others overtake it. */
  stall: ["read", "write", "send"],
  "sink down": ["send"],
  "sink slow": ["send"],
  /** The sink took all of it and is thought to have taken nothing. */
  "sink answer lost": ["send"],
  /** The sink says that it took all of it and forgets it. */
  "sink lies": ["send"],
  /** The sink took the first few and is thought to have taken nothing. */
  "sink takes a part": ["send"],
} as const satisfies Readonly<Record<string, readonly CallKind[]>>;

/** What can befall the world between two calls. */
const ofWorld = [
  "rebalance",
  "redelivery",
  "stream redelivery",
  "stalled partition",
  "clock step",
  "clock skew",
  "removed by TTL",
  "topic anew",
  /** A source partition with nothing left to read is marked idle, as whoever watches for silence would do it. */
  "idle mark",
] as const;

/** What traffic can hold; counted as records are made. */
const ofRecords = [
  "malformed record",
  "hostile record",
  "future record",
  "duplicate record",
  "oversized record",
] as const;

export type CallKind = "read" | "write" | "send";
export type CallFault = keyof typeof ofCalls;
export type WorldFault = (typeof ofWorld)[number];
export type RecordFault = (typeof ofRecords)[number];
export type FaultKind = CallFault | WorldFault | RecordFault;

export const faultKinds: readonly FaultKind[] = [...(Object.keys(ofCalls) as CallFault[]), ...ofWorld, ...ofRecords];
const callFaults = Object.entries(ofCalls) as [CallFault, readonly CallKind[]][];

/** What a run is like: how many kinds of faults it has, and which it has in any case, and often. */
const moods: readonly { readonly share: number; readonly favours: readonly FaultKind[] }[] = [
  ...Array.from({ length: 4 }, () => ({ share: 0.5, favours: [] })),
  { share: 0, favours: [] },
  // Stalled tries that others overtake.
  { share: 0.15, favours: ["stall", "rebalance", "duplicate record"] },
  { share: 0.1, favours: ["stall", "duplicate record"] },
  { share: 0.3, favours: ["stall", "rebalance"] },
  { share: 0.2, favours: ["stall", "idle mark"] },
  { share: 0.2, favours: ["death", "throttled", "oversized record"] },
];

/**
 * Draws the faults of a run. Which kinds there are, and how often each comes, is drawn first: a run with few kinds that come often goes
 * where a run with a little of everything never does. Every fault has a number, by which a shorter run can leave it out.
 */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  /** None any more: the quiet at the end. */
  isOver = false;
  drawn = 0;
  /** Of those that stall, how many sleep until everything else is long over. */
  readonly asleepShare: number;
  readonly #random: Random;
  readonly #rates = new Map<FaultKind, number>();
  readonly #without: ReadonlySet<number>;

  constructor(random: Random, without: ReadonlySet<number>) {
    this.#random = random;
    this.#without = without;
    const mood = random.pick(moods);
    this.asleepShare = random.pick([0.1, 0.4, 0.8]);
    for (const kind of faultKinds) {
      const isOn = random.chance(mood.share);
      // From one in 300 to one in 12 calls.
      const rate = 12 * 25 ** random.fraction();
      const isFavoured = mood.favours.includes(kind);
      this.#rates.set(kind, isFavoured ? 1 / random.integer(8, 20) : isOn ? 1 / rate : 0);
    }
  }

  /** Whether this kind can come in this run. */
  isOn(kind: FaultKind): boolean {
    return (this.#rates.get(kind) ?? 0) > 0;
  }

  /** What befalls a call, if anything does. */
  ofCall(kind: CallKind): CallFault | undefined {
    let left = this.#random.fraction();
    if (this.isOver) return undefined;
    for (const [fault, calls] of callFaults) {
      if (!calls.includes(kind)) continue;
      left -= this.#rateOf(fault);
      if (left >= 0) continue;
      if (this.#isLeftOut()) return undefined;
      this.count(fault);
      return fault;
    }
    return undefined;
  }

  /**
   * Whether it is to happen now, of what is asked for rarely: `times` more often than with every call. Whoever asks counts it, once it has
   * happened.
   */
  strikes(kind: WorldFault | RecordFault, times = 1): boolean {
    const fraction = this.#random.fraction();
    return !this.isOver && fraction < (this.#rates.get(kind) ?? 0) * times && !this.#isLeftOut();
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** Death is rarer: an invocation has a dozen calls. */
  #rateOf(fault: CallFault): number {
    const rate = this.#rates.get(fault) ?? 0;
    return fault.startsWith("death") ? rate / 2 : rate;
  }

  #isLeftOut(): boolean {
    return this.#without.has(this.drawn++);
  }
}
