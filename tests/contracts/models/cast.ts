/** Who acts in one sequence. Each sequence has a cast of its own, so that sequences can share a chain and not meet. */
import { addressFromVersionHash, addressToString } from "@stacks/transactions";
import { BILLING_OPERATOR } from "../helpers.ts";
import { RESERVE } from "../reserve/helpers.ts";
import { SUBSCRIPTIONS } from "../subscriptions/helpers.ts";
import { type Chain, SBTC_TOKEN } from "./chain.ts";
import { Mood, type State } from "./state.ts";

/** Enough for most of what happens, too little for all of it. */
const FUNDS = 20_000n;
const POCKET_MONEY = 60n;
const TESTNET_SINGLE_SIG = 26;

export interface Cast {
  merchants: string[];
  payers: string[];
  /** May be appointed by the merchants; the last three are contracts that work for whoever calls them. */
  operators: string[];
  /** May be let refund from a reserve. */
  delegates: string[];
  /** Everybody who can send a call. */
  actors: string[];
  wallets: ReadonlySet<string>;
  /** STX, sBTC, and a token of this sequence that can turn hostile. */
  tokens: readonly [null, string, string];
  references: string[];
}

let castings = 0;

/** The cast with its funds, and the state before its first step. */
export function newCast(chain: Chain): { cast: Cast; state: State } {
  castings += 1;
  const person = (index: number) =>
    addressToString(
      addressFromVersionHash(TESTNET_SINGLE_SIG, (BigInt(castings) * 256n + BigInt(index)).toString(16).padStart(40, "0")),
    );
  const [merchant, otherMerchant, payer, otherPayer, operator, poorOperator] = [1, 2, 3, 4, 5, 6].map(person) as [
    string, string, string, string, string, string,
  ];
  const merchantWallet = chain.deployWallet(`merchant-wallet-${castings}`);
  const payerWallet = chain.deployWallet(`payer-wallet-${castings}`);
  const moodyToken = chain.deployMoodyToken(`moody-token-${castings}`);
  const actors = [merchant, otherMerchant, merchantWallet, payer, otherPayer, payerWallet, operator, poorOperator];
  const tokens = [null, SBTC_TOKEN, moodyToken] as const;
  for (const token of tokens) {
    for (const actor of actors) chain.fund(actor, token, actor === poorOperator ? POCKET_MONEY : FUNDS);
  }
  return {
    cast: {
      merchants: [merchant, otherMerchant, merchantWallet],
      payers: [payer, otherPayer, payerWallet, poorOperator],
      operators: [operator, poorOperator, payerWallet, BILLING_OPERATOR, SUBSCRIPTIONS, RESERVE],
      delegates: [operator, otherPayer, payerWallet],
      actors,
      wallets: new Set([merchantWallet, payerWallet]),
      tokens,
      references: ["order-7", "Order-7", "r".repeat(64), "0", "1", "2"],
    },
    state: {
      now: chain.burnHeight,
      lastInvoiceId: chain.variable("last-invoice-id"),
      lastRefundId: chain.variable("last-refund-id"),
      invoices: new Map(),
      notes: new Map(),
      ledger: new Map(),
      payers: new Map(),
      refunds: new Map(),
      invoiceReferences: new Map(),
      refundReferences: new Map(),
      operators: new Map(),
      lastPlanId: chain.variable("last-plan-id"),
      lastSubscriptionId: chain.variable("last-subscription-id"),
      plans: new Map(),
      subscriptions: new Map(),
      reserves: new Map(),
      delegates: new Map(),
      balances: chain.balances(),
      mood: Mood.OBEYS,
    },
  };
}

