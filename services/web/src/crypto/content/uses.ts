/** The browser's locks, as far as they are used here. */
export type Locks = Pick<LockManager, "request">;

const LOCK = "conclave.content-keys.";

/** Which meetings the pages of this browser are in: what one of them uses, no other deletes. */
export class Uses {
  readonly #locks: Locks;
  readonly #ends = new Map<string, () => Promise<void>>();

  constructor(locks: Locks) {
    this.#locks = locks;
  }

  /** From when it returns until `end`, or until the page is gone, this page uses a meeting. */
  async begin(meeting: string): Promise<void> {
    if (this.#ends.has(meeting)) return;
    await new Promise<void>((begun, failed) => {
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const hold = (): Promise<void> => {
        begun();
        return ended;
      };
      const held = this.#locks.request(LOCK + meeting, { mode: "shared" }, hold).catch((error: unknown) => {
        // The next one that begins asks again.
        this.#ends.delete(meeting);
        failed(error);
      });
      this.#ends.set(meeting, async () => {
        end();
        await held;
      });
    });
  }

  /** Returns once the others know. */
  async end(meeting: string): Promise<void> {
    const end = this.#ends.get(meeting);
    this.#ends.delete(meeting);
    await end?.();
  }

  /** Those that this page uses. */
  get meetings(): readonly string[] {
    return [...this.#ends.keys()];
  }

  /** Does something, during which no page begins to use a meeting, unless one uses it. */
  async unlessUsed(meeting: string, act: () => Promise<void>): Promise<void> {
    await this.#locks.request(LOCK + meeting, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await act();
    });
  }
}
