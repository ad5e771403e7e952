/** A token calls each function of each contract back while it is transferred, in each operation. */
import { describe, expect, it } from "vitest";
import {
  OTHER_MERCHANT, SBTC, STRANGER, STX, expectOk, givenInvoice, givenPaidInvoice, send, setOperator,
} from "./helpers.ts";
import { CALLBACKS, isEntered, tokenSource } from "./hostile/callbacks.ts";
import { deployToken, expectRefusedWhole, expectUnchanged, prepare } from "./hostile/operations.ts";
import { SUBSCRIPTIONS, createPlan } from "./subscriptions/helpers.ts";
import { CONTRACTS, contractOf, readContracts } from "./source/contract.ts";

describe.each(CALLBACKS)("a token that calls $contract $fn", (callback) => {
  it("gains nothing by it", () => {
    givenPaidInvoice();
    givenInvoice({ amount: 1n }, OTHER_MERCHANT);
    givenInvoice({ amount: 1n, asset: SBTC }, OTHER_MERCHANT);
    expectOk(setOperator(SUBSCRIPTIONS, false, true, OTHER_MERCHANT));
    for (const asset of [STX, SBTC]) expectOk(createPlan({ asset, amount: 1n }, OTHER_MERCHANT));
    const asset = deployToken("calls-back", tokenSource(callback));
    const calls = prepare(asset);
    expectOk(send(asset.token!, "be-bold", [], STRANGER));
    for (const one of calls) {
      if (isEntered(one.name, callback)) {
        expectUnchanged(asset, () => expect(one.call, one.name).toThrow());
      } else if (callback.inner === "moves") {
        expectRefusedWhole(one.name === "deposit" || one.name === "withdraw" ? 1210 : 1032, one, asset);
      } else {
        const outcome = one.call();
        expect(outcome.result, one.name).toHaveProperty("ok");
        const answers = outcome.events.flatMap((event) => ("print" in event && event.contract === asset.token ? [event.print] : []));
        expect(answers, one.name).toHaveLength(Number(one.transfers));
        for (const answer of answers) expect(callback.inner.map(BigInt), one.name).toContain(answer);
      }
    }
  });
});

it("every public function is called back", () => {
  const contracts = readContracts();
  const all = CONTRACTS.flatMap((name) =>
    [...contractOf(contracts, name).functions.values()].filter(({ access }) => access === "public").map((declared) => `${name} ${declared.name}`),
  );
  expect(CALLBACKS.map(({ contract, fn }) => `${contract} ${fn}`)).toEqual(all);
});
