import type { Random } from "../../localstack/generate/random.ts";
import type { CallFault, CallKind, Faults } from "./faults.ts";

/** One invocation of a function, or whoever else calls ports. */
export interface Actor {
  /** `consume#12` */
  readonly name: string;
  /** How far its clock is ahead of the world's. */
  readonly skew: number;
  isDead: boolean;
  /** Nothing of it goes on before this step, unless nobody else has anything to do; `Infinity`: before it is woken. */
  stalledUntil: number;
  /** Told when it dies. */
  readonly onDeath: (() => void)[];
}

interface Call {
  readonly actor: Actor;
  readonly kind: CallKind;
  readonly label: string;
  /** Does what the call asks for, at once. `fault`: what a sink has to act out. */
  readonly run: (fault?: CallFault) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: Error) => void;
  hasBeenAsked: boolean;
}

/** The longest stall, in steps: several other invocations come and go meanwhile. */
const stallMax = 400;

/**
 * Decides which of the calls that wait goes on next. Every call of a port waits here, and between two of them a handler does nothing that
 * others can see: so the order of the calls is all that decides what happens, and it follows from the seed.
 */
export class Scheduler {
  step = 0;
  readonly waiting: Call[] = [];
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #note: (line: () => string) => void;

  constructor(random: Random, faults: Faults, note: (line: () => string) => void) {
    this.#random = random;
    this.#faults = faults;
    this.#note = note;
  }

  call<T>(actor: Actor, kind: CallKind, label: string, run: (fault?: CallFault) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = { resolve: resolve as (answer: unknown) => void, reject };
      if (!actor.isDead) this.waiting.push({ actor, kind, label, run, ...settle, hasBeenAsked: false });
    });
  }

  /** Whether anybody can go on without being woken. */
  hasRunnable(): boolean {
    return this.waiting.some(({ actor }) => actor.stalledUntil <= this.step);
  }

  /** Lets one call go on. @returns false where none waits. */
  async next(): Promise<boolean> {
    const call = this.#choose();
    if (!call) return false;
    this.step++;
    this.waiting.splice(this.waiting.indexOf(call), 1);
    const fault = call.hasBeenAsked ? undefined : this.#faults.ofCall(call.kind);
    this.#note(() => `${call.actor.name} ${call.label}${fault ? ` [${fault}]` : ""}`);
    this.#goOn(call, fault);
    await new Promise(setImmediate);
    return true;
  }

  /** Some of those who sleep go on, or all of them. */
  wake(share: number): void {
    const sleepers = new Set(this.waiting.map(({ actor }) => actor).filter(isAsleep));
    for (const actor of sleepers) if (this.#random.chance(share)) actor.stalledUntil = 0;
  }

  kill(actor: Actor): void {
    actor.isDead = true;
    for (let at = this.waiting.length - 1; at >= 0; at--) {
      if (this.waiting[at]?.actor === actor) this.waiting.splice(at, 1);
    }
    for (const tell of actor.onDeath) tell();
  }

  #choose(): Call | undefined {
    const awake = this.waiting.filter(({ actor }) => actor.stalledUntil <= this.step);
    const calls = awake.length > 0 ? awake : this.waiting.filter(({ actor }) => !isAsleep(actor));
    return calls.length === 0 ? undefined : this.#random.pick(calls);
  }

  #goOn(call: Call, fault: CallFault | undefined): void {
    const { actor, run, resolve, reject } = call;
    switch (fault) {
      case undefined:
        this.#answer(call, run);
        break;
      case "throttled":
        reject(new Error("throttled"));
        break;
      case "answer lost":
        run();
        reject(new Error("no answer"));
        break;
      case "landed late":
        this.waiting.push({ ...call, actor: this.#ghostOf(actor), hasBeenAsked: true, resolve() {}, reject() {} });
        reject(new Error("no answer"));
        break;
      case "asked twice":
        run();
        this.waiting.push({ ...call, hasBeenAsked: true });
        break;
      case "death":
        this.kill(actor);
        break;
      case "death after landing":
        run();
        this.kill(actor);
        break;
      case "stall":
      case "sink slow":
        actor.stalledUntil = this.#stall();
        this.waiting.push({ ...call, hasBeenAsked: true });
        break;
      default:
        resolve(run(fault));
    }
  }

  #stall(): number {
    const { asleepShare } = this.#faults;
    return this.#random.chance(asleepShare) ? Number.POSITIVE_INFINITY : this.step + this.#random.integer(1, stallMax);
  }

  /** What is left of a call that its caller has given up. */
  #ghostOf({ name, skew }: Actor): Actor {
    return { name: `ghost of ${name}`, skew, isDead: false, stalledUntil: this.#stall(), onDeath: [] };
  }

  #answer({ resolve, reject }: Call, run: Call["run"]): void {
    try {
      resolve(run());
    } catch (error) {
      reject(error as Error);
    }
  }
}

/** Whether it does nothing until it is woken. */
export function isAsleep({ stalledUntil }: Pick<Actor, "stalledUntil">): boolean {
  return stalledUntil === Number.POSITIVE_INFINITY;
}
