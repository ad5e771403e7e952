import fc, { type Arbitrary } from "fast-check";
import { BILLING_OPERATOR, U128_MAX } from "../../helpers.ts";
import { RESERVE } from "../../reserve/helpers.ts";
import { SUBSCRIPTIONS } from "../../subscriptions/helpers.ts";
import type { Call } from "../operations/index.ts";
import type { Sent } from "../operations/operation.ts";
import type { RefundDue } from "../operations/refund.ts";
import { anybody, memo, pick, pickOf, routeOf } from "./choose.ts";
import { CallStep, type Model, type Step } from "./step.ts";

const natural = fc.nat({ max: 0xffff });
const WINDOWS = [null, 143n, 144n, 1008n, 52560n, 52561n, U128_MAX] as const;

/** A number that nobody thought of: 0, the largest, or one of the sequence. */
const oddAmount = (chance: number): bigint =>
  pickOf([U128_MAX, 0n, 1n, U128_MAX - 1n, 2n ** 127n, BigInt(chance % 200), BigInt(chance % 40)], chance);

const anyReference = ({ cast }: Readonly<Model>, chance: number): string | null =>
  pick([null, "", ...cast.references], chance)!;

type Throw = () => number;

function anyDue(model: Readonly<Model>, roll: Throw): RefundDue {
  return {
    invoiceId: anyInvoice(model, roll()),
    payer: anybody(model, roll()),
    amount: oddAmount(roll()),
    expectedRefunded: pickOf([0n, 0n, oddAmount(roll())], roll()),
    reference: anyReference(model, roll()),
    reason: memo(roll()),
  };
}

const anyInvoice = ({ state }: Readonly<Model>, chance: number): bigint =>
  pick([...state.invoices.keys(), ...state.invoices.keys(), state.lastInvoiceId + 1n, 0n, U128_MAX], chance)!;

/** Calls of recoup-subscriptions and recoup-reserve. */
function operatorsCalls(model: Readonly<Model>, sent: Sent, token: string | null, amount: bigint, roll: Throw): (() => Call)[] {
  const { state, cast } = model;
  const planId = pick([...state.plans.keys(), state.lastPlanId + 1n], roll())!;
  const subscriptionId = pick([...state.subscriptions.keys(), state.lastSubscriptionId + 1n], roll())!;
  const plan = state.plans.get(state.subscriptions.get(subscriptionId)?.["plan-id"] ?? planId);
  const named = { merchant: plan?.merchant ?? anybody(model, roll()), amount: plan?.amount ?? amount, token };
  const delegate = pick([...cast.delegates, anybody(model, roll())], roll())!;
  const limit = () => pickOf([100n, 1n, 0n, 40n, 52560n, 52561n, U128_MAX], roll());
  return [
    () => ({ ...sent, name: "create-plan", token, amount, interval: limit(), refundWindow: pickOf([...WINDOWS], roll()) }),
    () => ({ ...sent, name: "close-plan", planId }),
    () => ({ ...sent, ...named, name: "subscribe", planId }),
    () => ({ ...sent, ...named, name: "pay-subscription", subscriptionId }),
    () => ({ ...sent, name: "cancel-subscription", subscriptionId }),
    () => ({ ...sent, name: "deposit", amount, token }),
    () => ({ ...sent, name: "withdraw", amount, token }),
    () => ({
      ...sent,
      name: "set-delegate",
      delegate,
      token,
      perRefund: limit(),
      perPeriod: limit(),
      period: limit(),
      expiresIn: limit(),
    }),
    () => ({ ...sent, name: "revoke-delegate", delegate, token }),
    () => ({ ...sent, ...anyDue(model, roll), name: "reserve-refund", token }),
  ];
}

/** Any call with any arguments; what it must answer is up to the specification. */
function anyCall(model: Readonly<Model>, roll: Throw): Call {
  const sender = anybody(model, roll());
  const sent = { sender, route: routeOf(model, sender, roll() % 6 === 0) };
  const token = pick(model.cast.tokens, roll())!;
  const [invoiceId, amount, merchant] = [anyInvoice(model, roll()), oddAmount(roll()), anybody(model, roll())];
  const makers: [() => Call, ...(() => Call)[]] = [
    () => ({
      ...sent,
      name: "create-invoice",
      amount,
      token: pick([...model.cast.tokens, BILLING_OPERATOR, sender], roll())!,
      expiresIn: pickOf([100n, 1n, 0n, 52560n, 52561n, U128_MAX], roll()),
      refundWindow: pickOf([...WINDOWS], roll()),
      minPayment: pickOf([null, 1n, amount, oddAmount(roll())], roll()),
      onlyPayer: pickOf([null, null, anybody(model, roll())], roll()),
      reference: anyReference(model, roll()),
      memo: memo(roll()),
    }),
    () => ({ ...sent, name: "cancel-invoice", invoiceId }),
    () => ({ ...sent, name: "extend-refund-window", invoiceId, newWindow: pickOf([1009n, 145n, 52560n, amount], roll()) }),
    () => ({
      ...sent,
      name: "set-operator",
      operator: pick([...model.cast.actors, BILLING_OPERATOR, SUBSCRIPTIONS, RESERVE], roll())!,
      mayRefund: roll() % 2 === 0,
      mayInvoice: roll() % 2 === 0,
    }),
    () => ({ ...sent, name: "pay", invoiceId, merchant: ownerOr(model, invoiceId, merchant, roll()), amount, token }),
    () => ({
      ...sent,
      name: "invoice-and-pay",
      // A wallet has no function to bill itself.
      route: model.cast.wallets.has(sender) ? "relay" : pickOf(["relay", "direct"], roll()),
      merchant,
      amount,
      token,
      refundWindow: pickOf([...WINDOWS], roll()),
      subscriptionId: pickOf([null, amount], roll()),
    }),
    () => ({ ...sent, ...anyDue(model, roll), name: "refund", token }),
    () => ({
      ...sent,
      name: "refund-many",
      refunds: Array.from({ length: 1 + (roll() % 3) }, () => anyDue(model, roll)),
      token,
    }),
    ...operatorsCalls(model, sent, token, amount, roll),
  ];
  return pickOf(makers, roll())();
}

const ownerOr = ({ state }: Readonly<Model>, invoiceId: bigint, merchant: string, chance: number): string =>
  chance % 4 === 0 ? merchant : (state.invoices.get(invoiceId)?.merchant ?? merchant);

export const wild: Arbitrary<Step> = fc.array(natural, { minLength: 32, maxLength: 32 }).map(
  (thrown) =>
    new CallStep(null, (model) => {
      let rolls = 0;
      return anyCall(model, () => thrown[rolls++ % thrown.length]!);
    }),
);
