/** Starts the requests of one connection as they come, except behind one that has to be done first. */
export class RequestTurns {
  /** Settles when the last of those is done that have to be done one after the other; undefined: there are none. */
  #last: Promise<void> | undefined;
  #mustFinish = false;

  /** Starts `request`, now or when its turn comes. It never fails; undefined: it is done already. */
  run(request: () => Promise<void> | undefined): void {
    if (this.#last !== undefined) {
      this.#follow(this.#last.then(request));
      return;
    }
    this.#mustFinish = false;
    const done = request();
    if (this.#mustFinish && done) this.#follow(done);
  }

  /** Called by a request before it waits for anything: the next one starts when it is done. */
  finishFirst(): void {
    this.#mustFinish = true;
  }

  #follow(done: Promise<void>): void {
    const last = done.then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
  }
}
