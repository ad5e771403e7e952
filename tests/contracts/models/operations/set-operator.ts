import { Cl } from "@stacks/transactions";
import { Err } from "../../helpers.ts";
import { keyOf, type State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";

export interface SetOperator extends Sent {
  name: "set-operator";
  operator: string;
  mayRefund: boolean;
  mayInvoice: boolean;
}

export function setOperator(state: State, call: SetOperator): Expected {
  if (call.route !== "direct") return refused(Err.NOT_AUTHORISED);
  const powers = { "may-refund": call.mayRefund, "may-invoice": call.mayInvoice };
  const operators = new Map(state.operators);
  const key = keyOf(call.sender, call.operator);
  if (call.mayRefund || call.mayInvoice) operators.set(key, powers);
  else operators.delete(key);
  return {
    ok: true,
    state: { ...state, operators },
    events: [
      {
        print: {
          event: "operator-set",
          "burn-height": state.now,
          merchant: call.sender,
          operator: call.operator,
          ...powers,
        },
      },
    ],
  };
}

export const setOperatorWire = (call: SetOperator): Wire => ({
  fn: "set-operator",
  args: [Cl.principal(call.operator), Cl.bool(call.mayRefund), Cl.bool(call.mayInvoice)],
});
