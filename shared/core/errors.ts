/** `dependency`: what was asked of others failed; the records are sent again. `bug`: an assumption of ours is broken; someone must look. */
export type Fault = "dependency" | "bug";

/** What the engine throws. Records that can't be used are no errors: they are rejected. */
export class StreamError extends Error {
  override readonly name: string = "StreamError";
  readonly fault: Fault;
  constructor(fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
