import { Cl } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { MERCHANT, OTHER_MERCHANT, SBTC, STX, STRANGER, U128_MAX, burnHeight, expectOk, mineTo, send } from "../helpers.ts";
import { deployRelay } from "./contracts.ts";
import {
  DELEGATE, RESERVE, ReserveErr, expectRefused, getDelegate, givenReserve, refundFromReserve, revokeDelegate, setDelegate,
} from "./helpers.ts";

describe.each([STX, SBTC])("a delegate in $name", (asset) => {
  const who = { merchant: MERCHANT, delegate: DELEGATE, token: asset.token };

  it("is set by the merchant, and printed", () => {
    mineTo(30n);
    const outcome = setDelegate({ asset });
    const delegation = {
      "per-refund": 50n,
      "per-period": 80n,
      period: 100n,
      "period-start": 30n,
      spent: 0n,
      "expires-at": 1030n,
    };
    expect(outcome.result).toEqual({ ok: true });
    expect(outcome.events).toEqual([
      { contract: RESERVE, print: { event: "delegate-set", "burn-height": 30n, ...who, ...delegation } },
    ]);
    expect(getDelegate(asset)).toEqual(delegation);
    expect(getDelegate(asset === STX ? SBTC : STX)).toBeNull();
  });

  it("is set anew with nothing spent", () => {
    givenReserve(asset);
    expectOk(refundFromReserve({ asset, amount: 50n }));
    expect(getDelegate(asset)).toMatchObject({ spent: 50n });
    mineTo(burnHeight() + 7n);
    expectOk(setDelegate({ asset, perRefund: 20n, perPeriod: 20n }));
    expect(getDelegate(asset)).toMatchObject({ spent: 0n, "per-refund": 20n, "period-start": burnHeight() });
  });

  it("is revoked by the merchant at once, and printed", () => {
    givenReserve(asset);
    const outcome = revokeDelegate(asset);
    expect(outcome.result).toEqual({ ok: true });
    expect(outcome.events).toEqual([
      { contract: RESERVE, print: { event: "delegate-revoked", "burn-height": burnHeight(), ...who } },
    ]);
    expect(getDelegate(asset)).toBeNull();
    expectRefused(ReserveErr.NOT_DELEGATE, () => refundFromReserve({ asset }));
    expectRefused(ReserveErr.NOT_DELEGATE, () => revokeDelegate(asset));
  });
});

describe("setting a delegate", () => {
  it.each([
    { perRefund: 1n, perPeriod: 1n, period: 1n, expiresIn: 1n },
    { perRefund: U128_MAX, perPeriod: U128_MAX, period: 52560n, expiresIn: 52560n },
  ])("takes the ends of what is allowed: %o", (limits) => {
    expectOk(setDelegate(limits));
  });

  it.each([
    { perRefund: 0n },
    { perRefund: 81n, perPeriod: 80n },
    { perRefund: U128_MAX },
    { period: 0n },
    { period: 52561n },
    { period: U128_MAX },
    { expiresIn: 0n },
    { expiresIn: 52561n },
    { expiresIn: U128_MAX },
  ])("rejects what is beyond them: %o", (limits) => {
    expectRefused(ReserveErr.INVALID_AMOUNT, () => setDelegate(limits));
  });

  it("is for each merchant's own reserve only", () => {
    givenReserve();
    expectOk(setDelegate({ delegate: STRANGER }, OTHER_MERCHANT));
    expectRefused(ReserveErr.NOT_DELEGATE, () => refundFromReserve({}, STRANGER));
    expectRefused(ReserveErr.NOT_DELEGATE, () => revokeDelegate(STX, OTHER_MERCHANT));
  });

  it("rejects relayed calls", () => {
    givenReserve();
    const relay = deployRelay();
    for (const fn of ["set-delegate", "revoke-delegate"]) {
      expectRefused(ReserveErr.NOT_AUTHORISED, () => send(relay, fn, [Cl.principal(DELEGATE)], MERCHANT));
    }
  });
});
