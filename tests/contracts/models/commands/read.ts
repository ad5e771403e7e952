import { Cl } from "@stacks/transactions";
import fc, { type Arbitrary } from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { CORE, Err, optional, type Plain } from "../../helpers.ts";
import { RESERVE } from "../../reserve/helpers.ts";
import { SUBSCRIPTIONS, SubscriptionStatus } from "../../subscriptions/helpers.ts";
import { refundable } from "../operations/refund.ts";
import { deadlineOf, keyOf, ledgerOf, reserveOf, type State, statusNow } from "../state.ts";
import { anybody, pick } from "./choose.ts";
import { type Model, type Real, show, type Step, STEPS_PER_SEQUENCE } from "./step.ts";

/** get-refund-quote, as the model would answer it. */
function quoteOf(state: State, invoiceId: bigint, payer: string, reference: string | null): Plain {
  const invoice = state.invoices.get(invoiceId);
  if (invoice === undefined) return null;
  const entry = ledgerOf(state, invoiceId, payer);
  const left = refundable(state, invoiceId, payer);
  const referenceId = reference === null ? undefined : state.refundReferences.get(keyOf(invoice.merchant, reference));
  const reason = "err" in left ? left.err : null;
  const refusal = reference === "" ? Err.REFERENCE_EMPTY : referenceId === undefined ? reason : Err.REFERENCE_USED;
  return {
    merchant: invoice.merchant,
    token: invoice.token,
    amount: invoice.amount,
    "amount-paid": invoice["amount-paid"],
    "amount-refunded": invoice["amount-refunded"],
    status: statusNow(state, invoice),
    "refund-window": invoice["refund-window"],
    "first-payment-at": invoice["first-payment-at"],
    "payer-count": invoice["payer-count"],
    paid: entry?.paid ?? 0n,
    refunded: entry?.refunded ?? 0n,
    deadline: entry === undefined ? null : deadlineOf(invoice, entry),
    refundable: "err" in left ? 0n : left.amount,
    refusal: refusal === null ? null : BigInt(refusal),
    "reference-refund-id": referenceId ?? null,
    "burn-height": state.now,
  };
}

function invoiceOf(state: State, invoiceId: bigint): Plain {
  const invoice = state.invoices.get(invoiceId);
  return invoice === undefined ? null : { ...invoice, status: statusNow(state, invoice) };
}

function refundableOf(state: State, invoiceId: bigint, payer: string): Plain {
  const left = refundable(state, invoiceId, payer);
  return "err" in left ? { amount: 0n, reason: BigInt(left.err) } : { amount: left.amount, reason: null };
}

function subscriptionOf(state: State, id: bigint): Plain {
  const subscription = state.subscriptions.get(id);
  if (subscription === undefined) return null;
  const hasLapsed = subscription.status === SubscriptionStatus.ACTIVE && state.now >= subscription["next-due"];
  return { ...subscription, status: hasLapsed ? SubscriptionStatus.LAPSED : subscription.status };
}

class Read implements Step {
  private question = "";

  constructor(
    private readonly who: number,
    private readonly what: number,
    private readonly text: number,
  ) {}

  check(model: Readonly<Model>): boolean {
    return model.steps < STEPS_PER_SEQUENCE;
  }

  run(model: Model, { chain, coverage }: Real): void {
    const { state, cast } = model;
    const id = pick([...state.invoices.keys(), state.lastInvoiceId + 1n].reverse(), this.what)!;
    const payer = anybody(model, this.who);
    const reference = pick([null, "", ...cast.references], this.text)!;
    const [invoice, who] = [Cl.uint(id), Cl.principal(payer)];
    const subscriptionId = pick([state.lastSubscriptionId + 1n, ...state.subscriptions.keys()], this.what)!;
    const token = pick(cast.tokens, this.text)!;
    this.question = `read ${id} ${payer} ${reference}`;
    const answers: [fn: string, found: Plain, expected: Plain][] = [
      [
        "get-refund-quote",
        chain.read(CORE, "get-refund-quote", invoice, who, optional(reference, Cl.stringAscii)),
        quoteOf(state, id, payer, reference),
      ],
      ["get-invoice", chain.read(CORE, "get-invoice", invoice), invoiceOf(state, id)],
      ["get-refundable", chain.read(CORE, "get-refundable", invoice, who), refundableOf(state, id, payer)],
      [
        "get-subscription",
        chain.read(SUBSCRIPTIONS, "get-subscription", Cl.uint(subscriptionId)),
        subscriptionOf(state, subscriptionId),
      ],
      ["get-coverage", chain.read(RESERVE, "get-coverage", who, optional(token, Cl.principal)), reserveOf(state, payer, token)],
    ];
    for (const [fn, found, expected] of answers) {
      if (!isDeepStrictEqual(found, expected)) throw new Error(`${fn} answered ${show(found)}\nexpected ${show(expected)}`);
    }
    coverage.count("read", "ok");
    model.steps += 1;
  }

  toString(): string {
    return this.question;
  }
}

/** A wallet or a server asks about a refund. */
export const read: Arbitrary<Step> = fc
  .record({ who: fc.nat({ max: 0xffff }), what: fc.nat({ max: 0xffff }), text: fc.nat({ max: 0xffff }) })
  .map(({ who, what, text }) => new Read(who, what, text));
