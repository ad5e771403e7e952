/** Everything that the three contracts do with a token, each ready to be called once, on one chain. */
import { readFileSync } from "node:fs";
import { Cl, type ClarityValue } from "@stacks/transactions";
import { expect } from "vitest";
import {
  type Asset, BILLING_OPERATOR, CORE, DEPLOYER, MERCHANT, OPERATOR, OTHER_MERCHANT, type Outcome, PAYER, SBTC, STRANGER, STX,
  expectOk, givenPaidInvoice, givenInvoice, hostileToken, mint, pay, plain, refund, refundMany, send, setOperator, simnet,
} from "../helpers.ts";
import { RESERVE, deposit, refundFromReserve, setDelegate, withdraw } from "../reserve/helpers.ts";
import { SUBSCRIPTIONS, createPlan, paySubscription, subscribe } from "../subscriptions/helpers.ts";

export const AMOUNT = 100n;

/** A call with a token, its money's way, and what must be as before when it is refused. */
export interface TokenCall {
  name: string;
  call: () => Outcome;
  from: string;
  to: string;
  /** How many transfers of AMOUNT it makes. */
  transfers: bigint;
}

export function deployToken(name: string, source: string): Asset {
  simnet.deployContract(name, source, { clarityVersion: 4 }, DEPLOYER);
  return hostileToken(name);
}

export const deployHostileToken = (): Asset =>
  deployToken("hostile-token", readFileSync(new URL("hostile-token.clar", import.meta.url), "utf8"));

/** While the token still obeys: everybody holds it, and everything that the calls need is there. */
export function prepare(asset: Asset): TokenCall[] {
  for (const owner of [MERCHANT, PAYER, OTHER_MERCHANT]) send(asset.token!, "mint", [Cl.uint(100_000), Cl.principal(owner)], STRANGER);
  [PAYER, MERCHANT, RESERVE].forEach((owner, index) => send(asset.token!, "mint-collectible", [Cl.uint(index + 1), Cl.principal(owner)], STRANGER));
  mint(SBTC, OTHER_MERCHANT, 1000n);
  expectOk(setOperator(SUBSCRIPTIONS, false, true));
  expectOk(setOperator(RESERVE, true, false));
  expectOk(setOperator(BILLING_OPERATOR, false, true));
  for (const funds of [asset, STX, SBTC]) {
    expectOk(deposit(1000n, funds));
    expectOk(deposit(1000n, funds, OTHER_MERCHANT));
  }
  expectOk(setDelegate({ asset, perRefund: 1000n, perPeriod: 10_000n }));
  const plan = expectOk(createPlan({ asset })) as bigint;
  const other = expectOk(createPlan({ asset })) as bigint;
  const subscription = expectOk(subscribe({ id: plan, asset })) as bigint;
  const unpaid = givenInvoice({ asset });
  const [one, two, three, four] = [1, 2, 3, 4].map(() => givenPaidInvoice({ asset })) as [bigint, bigint, bigint, bigint];
  const charge = [Cl.principal(MERCHANT), Cl.uint(AMOUNT), Cl.principal(asset.token!), Cl.none(), Cl.none()];
  const calls: [name: string, from: string, to: string, call: () => Outcome][] = [
    ["pay", PAYER, MERCHANT, () => pay({ invoiceId: unpaid, asset })],
    ["invoice-and-pay", PAYER, MERCHANT, () => send(BILLING_OPERATOR, "charge-ft", charge, PAYER)],
    ["subscribe", PAYER, MERCHANT, () => subscribe({ id: other, asset })],
    ["pay-subscription", PAYER, MERCHANT, () => paySubscription({ id: subscription, asset })],
    ["refund", MERCHANT, PAYER, () => refund({ invoiceId: one, asset })],
    ["refund-many", MERCHANT, PAYER, () => refundMany([{ invoiceId: two }, { invoiceId: three }], asset)],
    ["deposit", MERCHANT, RESERVE, () => deposit(AMOUNT, asset)],
    ["withdraw", RESERVE, MERCHANT, () => withdraw(AMOUNT, asset)],
    ["refund-from-reserve", RESERVE, PAYER, () => refundFromReserve({ invoiceId: four, amount: AMOUNT, asset }, OPERATOR)],
  ];
  return calls.map(([name, from, to, call]) => ({ name, from, to, call, transfers: name === "refund-many" ? 2n : 1n }));
}

/** Every balance, and what the three contracts store of MERCHANT and its invoices; few reads, because it is asked often. */
function fingerprint({ token }: Asset): unknown {
  const stored = (contractId: string, map: string, key: ClarityValue) => {
    try {
      return plain(simnet.getMapEntry(contractId, map, key));
    } catch (error) {
      if (error === "value not found") return null;
      throw error;
    }
  };
  const last = (contractId: string, variable: string) => plain(simnet.getDataVar(contractId, variable)) as bigint;
  const upTo = (id: bigint) => Array.from({ length: Number(id) + 1 }, (_, index) => Cl.uint(index + 1));
  const [invoices, subscriptions] = [last(CORE, "last-invoice-id"), last(SUBSCRIPTIONS, "last-subscription-id")];
  const place = { merchant: Cl.principal(MERCHANT), token: Cl.some(Cl.principal(token!)) };
  return {
    balances: [...simnet.getAssetsMap()].map(([asset, owners]) => [asset, [...owners]]),
    ids: [last(CORE, "last-refund-id"), last(SUBSCRIPTIONS, "last-plan-id")],
    invoices: upTo(invoices).map((id) => [
      stored(CORE, "invoices", id),
      stored(CORE, "ledger", Cl.tuple({ id, payer: Cl.principal(PAYER) })),
    ]),
    subscriptions: upTo(subscriptions).map((id) => stored(SUBSCRIPTIONS, "subscriptions", id)),
    reserve: stored(RESERVE, "balances", Cl.tuple(place)),
    delegate: stored(RESERVE, "delegates", Cl.tuple({ ...place, delegate: Cl.principal(OPERATOR) })),
  };
}

/** What `act` does, it leaves everything as it was. */
export function expectUnchanged<T>(asset: Asset, act: () => T): T {
  const before = fingerprint(asset);
  const answer = act();
  expect(fingerprint(asset)).toEqual(before);
  return answer;
}

/** The call ends in this code, prints nothing, and changes nothing. */
export function expectRefusedWhole(code: number, { name, call }: TokenCall, asset: Asset): void {
  const outcome = expectUnchanged(asset, call);
  expect(outcome.result, name).toEqual({ err: BigInt(code) });
  expect(outcome.events, name).toEqual([]);
}
