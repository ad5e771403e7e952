import { Cl } from "@stacks/transactions";
import { Err, optional } from "../../helpers.ts";
import type { State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";
import { type Refund, refund, type RefundDue } from "./refund.ts";

export interface RefundMany extends Sent {
  name: "refund-many";
  refunds: RefundDue[];
  token: string | null;
}

/** All of the refunds, one after the other, or none. */
export function refundMany(state: State, call: RefundMany): Expected {
  const { sender, route, token } = call;
  const [first, ...rest] = call.refunds.map((due): Refund => ({ ...due, name: "refund", sender, route, token }));
  if (first === undefined) return refused(Err.EMPTY_BATCH);
  return rest.reduce<Expected>((done, next) => {
    if ("err" in done) return done;
    const after = refund(done.state, next);
    return "err" in after ? after : { ...after, events: [...done.events, ...after.events] };
  }, refund(state, first));
}

export function refundManyWire(call: RefundMany): Wire {
  const fn = call.token === null ? "refund-many-stx" : "refund-many-ft";
  const token = call.token === null ? [] : [Cl.principal(call.token)];
  if (call.route === "relay") {
    const { invoiceId, payer, amount } = call.refunds[0]!;
    return { fn, args: [Cl.uint(invoiceId), Cl.principal(payer), Cl.uint(amount), ...token] };
  }
  const batch = call.refunds.map((due) =>
    Cl.tuple({
      "invoice-id": Cl.uint(due.invoiceId),
      payer: Cl.principal(due.payer),
      amount: Cl.uint(due.amount),
      "expected-refunded": Cl.uint(due.expectedRefunded),
      reference: optional(due.reference, Cl.stringAscii),
      reason: optional(due.reason, Cl.stringUtf8),
    }),
  );
  return { fn, args: [Cl.list(batch), ...token] };
}
