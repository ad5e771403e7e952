/** Requests that wait for an answer: their connections break when the node stops. */
import type { ServerResponse } from "node:http";

export class Connections {
  readonly #waiting = new Set<ServerResponse>();

  /** Waits until it was answered, or its connection is gone. */
  add(response: ServerResponse): void {
    this.#waiting.add(response);
    response.once("close", () => this.#waiting.delete(response));
  }

  breakAll(): void {
    for (const response of this.#waiting) response.destroy();
  }
}
