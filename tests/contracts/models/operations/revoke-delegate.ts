import { Cl } from "@stacks/transactions";
import { optional } from "../../helpers.ts";
import { RESERVE, ReserveErr } from "../../reserve/helpers.ts";
import { keyOf, type State } from "../state.ts";
import { type Expected, refused, type Sent, type Wire } from "./operation.ts";

export interface RevokeDelegate extends Sent {
  name: "revoke-delegate";
  delegate: string;
  token: string | null;
}

export function revokeDelegate(state: State, call: RevokeDelegate): Expected {
  const { sender: merchant, delegate, token } = call;
  if (call.route !== "direct") return refused(ReserveErr.NOT_AUTHORISED);
  const delegates = new Map(state.delegates);
  if (!delegates.delete(keyOf(merchant, delegate, token))) return refused(ReserveErr.NOT_DELEGATE);
  return {
    ok: true,
    state: { ...state, delegates },
    events: [{ by: RESERVE, print: { event: "delegate-revoked", "burn-height": state.now, merchant, delegate, token } }],
  };
}

export const revokeDelegateWire = (call: RevokeDelegate): Wire => ({
  contract: RESERVE,
  fn: "revoke-delegate",
  args: [Cl.principal(call.delegate), optional(call.token, Cl.principal)],
});
