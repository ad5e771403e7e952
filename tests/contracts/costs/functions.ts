/** What each public function of the three contracts costs, called once in the usual way, in epoch 3.3. */
import { Cl } from "@stacks/transactions";
import {
  type Asset, type Costs, BILLING_OPERATOR, MERCHANT, OPERATOR, type Outcome, SBTC, STX, cancelInvoice, createInvoice, expectOk,
  extendRefundWindow, givenInvoice, givenPaidInvoice, pay, refund, refundMany, send, setOperator, startChain, PAYER,
} from "../helpers.ts";
import { deposit, givenReserve, refundFromReserve, revokeDelegate, setDelegate, withdraw } from "../reserve/helpers.ts";
import { cancel, closePlan, createPlan, givenPlan, givenSubscription, paySubscription, subscribe } from "../subscriptions/helpers.ts";
import { CONTRACTS, contractOf, readContracts } from "../source/contract.ts";

export interface FunctionCosts {
  contract: string;
  name: string;
  costs: Costs;
}

const MEMO = "Thank you for your order";

function callsOfCore(asset: Asset): Record<string, () => Outcome> {
  const kind = asset === STX ? "stx" : "ft";
  const charge = [Cl.principal(MERCHANT), Cl.uint(100), ...(asset.token === null ? [] : [Cl.principal(asset.token)]), Cl.none(), Cl.none()];
  return {
    "create-invoice": () => createInvoice({ asset, reference: `order ${kind}`, memo: MEMO }),
    "cancel-invoice": () => cancelInvoice(givenInvoice({ asset })),
    "extend-refund-window": () => extendRefundWindow(givenPaidInvoice({ asset }), 5000n),
    "set-operator": () => setOperator(BILLING_OPERATOR, true, true),
    [`pay-${kind}`]: () => pay({ invoiceId: givenInvoice({ asset }), asset }),
    // Measured with the operator contract that calls it.
    [`invoice-and-pay-${kind}`]: () => send(BILLING_OPERATOR, `charge-${kind}`, charge, PAYER),
    [`refund-${kind}`]: () => refund({ invoiceId: givenPaidInvoice({ asset }), asset, reference: `refund ${kind}`, reason: MEMO }),
    [`refund-many-${kind}`]: () => refundMany([{ invoiceId: givenPaidInvoice({ asset }), reference: `many ${kind}`, reason: MEMO }], asset),
  };
}

function callsOfSubscriptions(asset: Asset): Record<string, () => Outcome> {
  const kind = asset === STX ? "stx" : "ft";
  return {
    "create-plan": () => createPlan({ asset }),
    "close-plan": () => closePlan(givenPlan({ asset })),
    [`subscribe-${kind}`]: () => subscribe({ id: givenPlan({ asset }), asset }),
    [`pay-${kind}`]: () => paySubscription({ id: givenSubscription({ asset }), asset }),
    cancel: () => cancel(givenSubscription({ asset })),
  };
}

function callsOfReserve(asset: Asset): Record<string, () => Outcome> {
  const kind = asset === STX ? "stx" : "ft";
  givenReserve(asset);
  const refunded = { invoiceId: givenPaidInvoice({ asset }), asset, reference: `reserve ${kind}`, reason: MEMO };
  return {
    [`deposit-${kind}`]: () => deposit(100n, asset),
    [`withdraw-${kind}`]: () => withdraw(100n, asset),
    "set-delegate": () => setDelegate({ asset }),
    [`refund-${kind}`]: () => refundFromReserve(refunded, OPERATOR),
    "revoke-delegate": () => revokeDelegate(asset),
  };
}

/** In the order of the sources; what STX and tokens have in common is measured in tokens. */
export async function measureFunctions(): Promise<FunctionCosts[]> {
  await startChain("3.3");
  const makers = { "recoup-core": callsOfCore, "recoup-subscriptions": callsOfSubscriptions, "recoup-reserve": callsOfReserve };
  const contracts = readContracts();
  return CONTRACTS.flatMap((contract) => {
    const costs = new Map<string, Costs>();
    for (const asset of [STX, SBTC]) {
      for (const [name, call] of Object.entries(makers[contract](asset))) {
        const outcome = call();
        expectOk(outcome);
        costs.set(name, outcome.costs);
      }
    }
    const names = [...contractOf(contracts, contract).functions.values()].filter(({ access }) => access === "public").map(({ name }) => name);
    return names.map((name) => {
      const measured = costs.get(name);
      if (measured === undefined) throw new Error(`${contract} ${name} was not measured`);
      return { contract, name, costs: measured };
    });
  });
}

/** The largest part of a block's budget, over all its dimensions. */
function shareOf({ total, limit }: Costs): number {
  const shares = (Object.keys(total) as (keyof Costs["total"])[]).map((dimension) => total[dimension] / limit[dimension]);
  return 100 * Math.max(...shares);
}

export function functionTable(measured: FunctionCosts[]): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const rows = measured.map(({ contract, name, costs }) => {
    const { readCount, writeCount, readLength, writeLength, runtime } = costs.total;
    const numbers = [readCount, writeCount, readLength, writeLength, runtime].map(number).join(" | ");
    return `| \`${contract}\` | \`${name}\` | ${numbers} | ${shareOf(costs).toFixed(2)}% |`;
  });
  return [
    "| contract | function | reads | writes | bytes read | bytes written | runtime | of a block |",
    "|---|---|---:|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}
