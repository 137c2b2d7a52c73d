/**
 * Carries out the newest wish, one at a time. What is wished while another is being carried out replaces all that was
 * wished before, so that a key let go early still ends what pressing it began.
 */
export class Latest<T> {
  readonly #carryOut: (wish: T) => Promise<void>;
  #wish: { readonly value: T } | undefined;
  #working: Promise<void> | undefined;

  constructor(carryOut: (wish: T) => Promise<void>) {
    this.#carryOut = carryOut;
  }

  set(value: T): Promise<void> {
    this.#wish = { value };
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #work(): Promise<void> {
    while (this.#wish !== undefined) {
      const { value } = this.#wish;
      this.#wish = undefined;
      await this.#carryOut(value);
    }
  }
}
