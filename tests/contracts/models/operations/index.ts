/** Every public operation of recoup-core: what it should do, and how it is sent. */
import type { State } from "../state.ts";
import { type CancelInvoice, cancelInvoice, cancelInvoiceWire } from "./cancel-invoice.ts";
import { type CreateInvoice, createInvoice, createInvoiceWire } from "./create-invoice.ts";
import { type ExtendRefundWindow, extendRefundWindow, extendRefundWindowWire } from "./extend-refund-window.ts";
import { type InvoiceAndPay, invoiceAndPay, invoiceAndPayWire } from "./invoice-and-pay.ts";
import type { Expected, Wire } from "./operation.ts";
import { type Pay, pay, payWire } from "./pay.ts";
import { type RefundMany, refundMany, refundManyWire } from "./refund-many.ts";
import { type Refund, refund, refundWire } from "./refund.ts";
import { type SetOperator, setOperator, setOperatorWire } from "./set-operator.ts";

export type Call =
  | CreateInvoice
  | CancelInvoice
  | ExtendRefundWindow
  | SetOperator
  | Pay
  | InvoiceAndPay
  | Refund
  | RefundMany;

/** What the specification says about a call in a state. */
export function expect(state: State, call: Call): Expected {
  switch (call.name) {
    case "create-invoice":
      return createInvoice(state, call);
    case "cancel-invoice":
      return cancelInvoice(state, call);
    case "extend-refund-window":
      return extendRefundWindow(state, call);
    case "set-operator":
      return setOperator(state, call);
    case "pay":
      return pay(state, call);
    case "invoice-and-pay":
      return invoiceAndPay(state, call);
    case "refund":
      return refund(state, call);
    case "refund-many":
      return refundMany(state, call);
  }
}

export function wireOf(call: Call): Wire {
  switch (call.name) {
    case "create-invoice":
      return createInvoiceWire(call);
    case "cancel-invoice":
      return cancelInvoiceWire(call);
    case "extend-refund-window":
      return extendRefundWindowWire(call);
    case "set-operator":
      return setOperatorWire(call);
    case "pay":
      return payWire(call);
    case "invoice-and-pay":
      return invoiceAndPayWire(call);
    case "refund":
      return refundWire(call);
    case "refund-many":
      return refundManyWire(call);
  }
}
