import { describe, expect, it } from "vitest";
import { Cl } from "@stacks/transactions";
import {
  CORE, Err, MERCHANT, OPERATOR, OTHER_MERCHANT, RELAY, burnHeight, coreEvent, expectOk, expectRefused, getOperator, send, setOperator,
} from "./helpers.ts";

describe("set-operator", () => {
  it("lets an operator refund, invoice, or both", () => {
    for (const [mayRefund, mayInvoice] of [[true, false], [false, true], [true, true]] as const) {
      const outcome = setOperator(OPERATOR, mayRefund, mayInvoice);
      expect(outcome.result).toEqual({ ok: true });
      expect(outcome.events).toEqual([
        {
          contract: CORE,
          print: {
            event: "operator-set",
            "burn-height": burnHeight(),
            merchant: MERCHANT,
            operator: OPERATOR,
            "may-refund": mayRefund,
            "may-invoice": mayInvoice,
          },
        },
      ]);
      expect(getOperator(OPERATOR)).toEqual({ "may-refund": mayRefund, "may-invoice": mayInvoice });
    }
  });

  it("revokes when both are false, and says so in an event", () => {
    expectOk(setOperator(OPERATOR, true, true));
    const outcome = setOperator(OPERATOR, false, false);
    expect(outcome.result).toEqual({ ok: true });
    expect(coreEvent(outcome)).toMatchObject({ "may-refund": false, "may-invoice": false });
    expect(getOperator(OPERATOR)).toEqual({ "may-refund": false, "may-invoice": false });
  });

  it("speaks for the caller alone", () => {
    expectOk(setOperator(OPERATOR, true, true, OTHER_MERCHANT));
    expect(getOperator(OPERATOR, MERCHANT)).toEqual({ "may-refund": false, "may-invoice": false });
  });

  it("rejects a relayed call", () => {
    expectRefused(Err.NOT_AUTHORISED, () =>
      send(RELAY, "set-operator", [Cl.principal(OPERATOR), Cl.bool(true), Cl.bool(true)], MERCHANT),
    );
  });
});
