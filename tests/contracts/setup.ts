import { beforeEach, inject } from "vitest";
import { startChain } from "./helpers.ts";

declare module "vitest" {
  export interface ProvidedContext {
    epoch: "3.3" | "4.0";
  }
}

beforeEach(() => startChain(inject("epoch")));
