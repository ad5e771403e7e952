/** All commands, and how often each is tried. */
import fc, { type Arbitrary } from "fast-check";
import { Err } from "../../helpers.ts";
import { advance, advanceToLastInstalments, advanceToTurningPoint } from "./advance.ts";
import { appoint } from "./appoint.ts";
import { cancelInvoiceErrors } from "./cancel-invoice-err.ts";
import { cancelInvoice } from "./cancel-invoice.ts";
import { cancelSubscriptionErrors } from "./cancel-subscription-err.ts";
import { cancelSubscription } from "./cancel-subscription.ts";
import { closePlanErrors } from "./close-plan-err.ts";
import { closePlan } from "./close-plan.ts";
import { createInvoiceErrors } from "./create-invoice-err.ts";
import { createExtremeInvoice, createInvoice } from "./create-invoice.ts";
import { createPlanErrors } from "./create-plan-err.ts";
import { createPlan } from "./create-plan.ts";
import { depositErrors } from "./deposit-err.ts";
import { deposit, depositLittle } from "./deposit.ts";
import { extendRefundWindowErrors } from "./extend-refund-window-err.ts";
import { extendRefundWindow } from "./extend-refund-window.ts";
import { invoiceAndPayErrors } from "./invoice-and-pay-err.ts";
import { invoiceAndPay } from "./invoice-and-pay.ts";
import { payErrors } from "./pay-err.ts";
import { paySubscriptionErrors } from "./pay-subscription-err.ts";
import { paySubscription } from "./pay-subscription.ts";
import { pay, payAgain, payByAnybody } from "./pay.ts";
import { read } from "./read.ts";
import { refundErrors } from "./refund-err.ts";
import { refundManyErrors } from "./refund-many-err.ts";
import { refundMany } from "./refund-many.ts";
import { refund } from "./refund.ts";
import { reserveRefundErrors } from "./reserve-refund-err.ts";
import { reserveRefund } from "./reserve-refund.ts";
import { revokeDelegateErrors } from "./revoke-delegate-err.ts";
import { revokeDelegate } from "./revoke-delegate.ts";
import { setDelegateErrors } from "./set-delegate-err.ts";
import { setDelegate } from "./set-delegate.ts";
import { setMood, soothe, wantMore } from "./set-mood.ts";
import { setOperatorErrors } from "./set-operator-err.ts";
import { setOperator } from "./set-operator.ts";
import { type Aim, type Step, STEPS_PER_SEQUENCE } from "./step.ts";
import { subscribeErrors } from "./subscribe-err.ts";
import { subscribe } from "./subscribe.ts";
import { wild } from "./wild.ts";
import { withdrawErrors } from "./withdraw-err.ts";
import { withdraw } from "./withdraw.ts";

const successes: [weight: number, aim: Aim][] = [
  [11, createInvoice],
  [1, createExtremeInvoice],
  [2, cancelInvoice],
  [3, extendRefundWindow],
  [4, setOperator],
  [30, pay],
  [6, payByAnybody],
  [5, payAgain],
  [4, invoiceAndPay],
  [18, refund],
  [8, refundMany],
  [8, appoint],
  [4, createPlan],
  [1, closePlan],
  [10, subscribe],
  [8, paySubscription],
  [2, cancelSubscription],
  [6, deposit],
  [10, depositLittle],
  [3, withdraw],
  [5, setDelegate],
  [2, revokeDelegate],
  [16, reserveRefund],
];

const errors: Aim[] = [
  ...createInvoiceErrors,
  ...cancelInvoiceErrors,
  ...extendRefundWindowErrors,
  ...setOperatorErrors,
  ...payErrors,
  ...invoiceAndPayErrors,
  ...refundErrors,
  ...refundManyErrors,
  ...createPlanErrors,
  ...closePlanErrors,
  ...subscribeErrors,
  ...paySubscriptionErrors,
  ...cancelSubscriptionErrors,
  ...depositErrors,
  ...withdrawErrors,
  ...setDelegateErrors,
  ...revokeDelegateErrors,
  ...reserveRefundErrors,
];

const others: [weight: number, steps: Arbitrary<Step>][] = [
  [6, advance],
  [3, advanceToTurningPoint],
  [5, advanceToLastInstalments],
  [8, setMood],
  [5, soothe],
  [5, wantMore],
  [5, read],
  [14, wild],
];

/** Every outcome that must have happened. */
export const outcomes: ReadonlySet<string> = new Set(
  [...successes.map(([, aim]) => aim), ...errors].map(({ outcome }) => outcome),
);

/** These need a hostile token, somebody poor, a late instalment, or a delegate, at the right time. */
const RARE: [weight: number, outcomes: string[]][] = [
  [4, ["INSTALMENT_TOO_LATE", "INSUFFICIENT_BALANCE", "TRANSFER_FAILED", "FORBIDDEN_TRANSFER"].map((name) => ` ${Err[name as keyof typeof Err]}`)],
  [4, ["pay 1011", "pay-subscription 1105", "pay-subscription 1106", "cancel-subscription 1105", " 1209", " 1210"]],
  [4, ["invoice-and-pay 1009", "refund 1009", "refund-many 1009", "reserve-refund 1021", "reserve-refund 1202", "reserve-refund 1206"]],
  [8, ["pay 1014", "pay-subscription 1030", "subscribe 1032", "invoice-and-pay 1032", "refund 1030", "refund 1031", "refund 1032", "refund-many 1032", "subscribe 1031", "invoice-and-pay 1031", "withdraw 1210"]],
  [8, ["reserve-refund 1000", "reserve-refund 1023", "reserve-refund 1024", "reserve-refund 1204", "reserve-refund 1207"]],
  [30, ["reserve-refund 1031", "reserve-refund 1032"]],
  [60, ["reserve-refund 1030"]],
  [30, ["pay-subscription 1000", "pay-subscription 1031", "pay-subscription 1032"]],
];
const weightOf = ({ outcome }: Aim): number =>
  Math.max(1, ...RARE.filter(([, names]) => names.some((name) => outcome.endsWith(name))).map(([weight]) => weight));

class Nothing implements Step {
  check = () => false;
  run = () => undefined;
  toString = () => "";
}

/** More than the steps of a sequence, because what a step needs is not always there. */
const TRIES = 6 * STEPS_PER_SEQUENCE;

/** So that every sequence has something to do for all three contracts. */
const beginnings: Aim[] = [
  appoint, appoint, appoint, createInvoice, createInvoice, createPlan, createPlan, pay, pay, deposit, deposit, setDelegate, setDelegate,
];

/** Each step shrinks to nothing first, so that a failure is told by the steps that it takes. */
const step: Arbitrary<Step> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: fc.constant(new Nothing()) as Arbitrary<Step> },
  ...successes.map(([weight, { steps }]) => ({ weight, arbitrary: steps })),
  ...errors.map((aim) => ({ weight: weightOf(aim), arbitrary: aim.steps })),
  ...others.map(([weight, steps]) => ({ weight, arbitrary: steps })),
);

/** The steps of a sequence; told as those that were taken. */
export class Sequence {
  constructor(readonly steps: readonly Step[]) {}

  [fc.toStringMethod](): string {
    return this.steps.map(String).filter((told) => told !== "").join("\n");
  }
}

export const sequence: Arbitrary<Sequence> = fc
  .tuple(fc.tuple(...beginnings.map(({ steps }) => steps)), fc.array(step, { minLength: TRIES, maxLength: TRIES, size: "max" }))
  .map(([first, steps]) => new Sequence([...first, ...steps]));
