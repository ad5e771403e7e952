/** All commands, and how often each is tried. */
import fc, { type Arbitrary } from "fast-check";
import { Err } from "../../helpers.ts";
import { advance, advanceToLastInstalments, advanceToTurningPoint } from "./advance.ts";
import { cancelInvoiceErrors } from "./cancel-invoice-err.ts";
import { cancelInvoice } from "./cancel-invoice.ts";
import { createInvoiceErrors } from "./create-invoice-err.ts";
import { createExtremeInvoice, createInvoice } from "./create-invoice.ts";
import { extendRefundWindowErrors } from "./extend-refund-window-err.ts";
import { extendRefundWindow } from "./extend-refund-window.ts";
import { invoiceAndPayErrors } from "./invoice-and-pay-err.ts";
import { invoiceAndPay } from "./invoice-and-pay.ts";
import { payErrors } from "./pay-err.ts";
import { pay, payAgain, payByAnybody } from "./pay.ts";
import { read } from "./read.ts";
import { refundErrors } from "./refund-err.ts";
import { refundManyErrors } from "./refund-many-err.ts";
import { refundMany } from "./refund-many.ts";
import { refund } from "./refund.ts";
import { setMood, soothe } from "./set-mood.ts";
import { setOperatorErrors } from "./set-operator-err.ts";
import { setOperator } from "./set-operator.ts";
import { type Aim, type Step, STEPS_PER_SEQUENCE } from "./step.ts";
import { wild } from "./wild.ts";

const successes: [weight: number, aim: Aim][] = [
  [11, createInvoice],
  [1, createExtremeInvoice],
  [2, cancelInvoice],
  [3, extendRefundWindow],
  [6, setOperator],
  [30, pay],
  [6, payByAnybody],
  [5, payAgain],
  [4, invoiceAndPay],
  [18, refund],
  [8, refundMany],
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
];

const others: [weight: number, steps: Arbitrary<Step>][] = [
  [6, advance],
  [3, advanceToTurningPoint],
  [5, advanceToLastInstalments],
  [4, setMood],
  [3, soothe],
  [4, read],
  [14, wild],
];

/** Every outcome that must have happened. */
export const outcomes: ReadonlySet<string> = new Set(
  [...successes.map(([, aim]) => aim), ...errors].map(({ outcome }) => outcome),
);

/** These need a hostile token, somebody poor, or a late instalment, at the right time. */
const RARE = [Err.INSTALMENT_TOO_LATE, Err.INSUFFICIENT_BALANCE, Err.TRANSFER_FAILED, Err.FORBIDDEN_TRANSFER].map(String);
const weightOf = ({ outcome }: Aim): number => (RARE.some((code) => outcome.endsWith(code)) ? 4 : 1);

class Nothing implements Step {
  check = () => false;
  run = () => undefined;
  toString = () => "";
}

/** More than the steps of a sequence, because what a step needs is not always there. */
const TRIES = 4 * STEPS_PER_SEQUENCE;

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
  .array(step, { minLength: TRIES, maxLength: TRIES, size: "max" })
  .map((steps) => new Sequence(steps));
