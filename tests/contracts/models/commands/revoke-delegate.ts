import type { RevokeDelegate } from "../operations/revoke-delegate.ts";
import type { Delegation } from "../state.ts";
import { pick } from "./choose.ts";
import { aim, type Dice, type Model } from "./step.ts";

export interface Appointed {
  merchant: string;
  delegate: string;
  token: string | null;
  delegation: Delegation;
}

/** All delegations of the sequence, the newest first. */
export const delegations = ({ state, cast }: Readonly<Model>): Appointed[] =>
  [...state.delegates]
    .map(([key, delegation]) => {
      const [merchant, delegate, asset] = key.split(" ") as [string, string, string];
      return { merchant, delegate, token: cast.tokens.find((token) => (token ?? "STX") === asset) ?? null, delegation };
    })
    .reverse();

export function revocation(model: Readonly<Model>, dice: Dice): RevokeDelegate | null {
  const found = pick(delegations(model), dice.what);
  if (found === undefined) return null;
  const { merchant, delegate, token } = found;
  return { name: "revoke-delegate", sender: merchant, route: "direct", delegate, token };
}

export const revokeDelegate = aim("revoke-delegate", "ok", revocation);
