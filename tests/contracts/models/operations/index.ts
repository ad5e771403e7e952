/** Every public operation of the three contracts: what it should do, and how it is sent. */
import type { State } from "../state.ts";
import { type CancelInvoice, cancelInvoice, cancelInvoiceWire } from "./cancel-invoice.ts";
import { type CancelSubscription, cancelSubscription, cancelSubscriptionWire } from "./cancel-subscription.ts";
import { type ClosePlan, closePlan, closePlanWire } from "./close-plan.ts";
import { type CreateInvoice, createInvoice, createInvoiceWire } from "./create-invoice.ts";
import { type CreatePlan, createPlan, createPlanWire } from "./create-plan.ts";
import { type Deposit, deposit, depositWire } from "./deposit.ts";
import { type ExtendRefundWindow, extendRefundWindow, extendRefundWindowWire } from "./extend-refund-window.ts";
import { type InvoiceAndPay, invoiceAndPay, invoiceAndPayWire } from "./invoice-and-pay.ts";
import type { Expected, Wire } from "./operation.ts";
import { type PaySubscription, paySubscription, paySubscriptionWire } from "./pay-subscription.ts";
import { type Pay, pay, payWire } from "./pay.ts";
import { type RefundMany, refundMany, refundManyWire } from "./refund-many.ts";
import { type Refund, refund, refundWire } from "./refund.ts";
import { type ReserveRefund, reserveRefund, reserveRefundWire } from "./reserve-refund.ts";
import { type RevokeDelegate, revokeDelegate, revokeDelegateWire } from "./revoke-delegate.ts";
import { type SetDelegate, setDelegate, setDelegateWire } from "./set-delegate.ts";
import { type SetOperator, setOperator, setOperatorWire } from "./set-operator.ts";
import { type Subscribe, subscribe, subscribeWire } from "./subscribe.ts";
import { type Withdraw, withdraw, withdrawWire } from "./withdraw.ts";

interface Calls {
  "create-invoice": CreateInvoice;
  "cancel-invoice": CancelInvoice;
  "extend-refund-window": ExtendRefundWindow;
  "set-operator": SetOperator;
  pay: Pay;
  "invoice-and-pay": InvoiceAndPay;
  refund: Refund;
  "refund-many": RefundMany;
  "create-plan": CreatePlan;
  "close-plan": ClosePlan;
  subscribe: Subscribe;
  "pay-subscription": PaySubscription;
  "cancel-subscription": CancelSubscription;
  deposit: Deposit;
  withdraw: Withdraw;
  "set-delegate": SetDelegate;
  "revoke-delegate": RevokeDelegate;
  "reserve-refund": ReserveRefund;
}

export type CallName = keyof Calls;
export type Call = Calls[CallName];

interface Operation<C extends Call> {
  /** What the specification says about a call in a state. */
  expect: (state: State, call: C) => Expected;
  wire: (call: C) => Wire;
}

const operations: { [Name in CallName]: Operation<Calls[Name]> } = {
  "create-invoice": { expect: createInvoice, wire: createInvoiceWire },
  "cancel-invoice": { expect: cancelInvoice, wire: cancelInvoiceWire },
  "extend-refund-window": { expect: extendRefundWindow, wire: extendRefundWindowWire },
  "set-operator": { expect: setOperator, wire: setOperatorWire },
  pay: { expect: pay, wire: payWire },
  "invoice-and-pay": { expect: invoiceAndPay, wire: invoiceAndPayWire },
  refund: { expect: refund, wire: refundWire },
  "refund-many": { expect: refundMany, wire: refundManyWire },
  "create-plan": { expect: createPlan, wire: createPlanWire },
  "close-plan": { expect: closePlan, wire: closePlanWire },
  subscribe: { expect: subscribe, wire: subscribeWire },
  "pay-subscription": { expect: paySubscription, wire: paySubscriptionWire },
  "cancel-subscription": { expect: cancelSubscription, wire: cancelSubscriptionWire },
  deposit: { expect: deposit, wire: depositWire },
  withdraw: { expect: withdraw, wire: withdrawWire },
  "set-delegate": { expect: setDelegate, wire: setDelegateWire },
  "revoke-delegate": { expect: revokeDelegate, wire: revokeDelegateWire },
  "reserve-refund": { expect: reserveRefund, wire: reserveRefundWire },
};

/** The operation of a call; its name says which type the call has. */
const operationOf = (call: Call) => operations[call.name] as Operation<Call>;

export const expect = (state: State, call: Call): Expected => operationOf(call).expect(state, call);
export const wireOf = (call: Call): Wire => operationOf(call).wire(call);
