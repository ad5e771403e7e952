/** recoup-reserve's calls as typed functions, and its whole state. */
import { Cl, type ClarityValue } from "@stacks/transactions";
import { expect } from "vitest";
import {
  type Asset, MERCHANT, OPERATOR, OTHER_MERCHANT, OTHER_PAYER, type Outcome, PAYER, type Plain, type PlainTuple, type Refund,
  SBTC, STRANGER, STX, contract, expectOk, expectRefused as expectCoreUnchanged, givenPaidInvoice, optional, plain, send,
  setOperator, simnet,
} from "../helpers.ts";

export const RESERVE = contract("recoup-reserve");
/** Who refunds from MERCHANT's reserve. */
export const DELEGATE = OPERATOR;

export const ReserveErr = {
  NOT_AUTHORISED: 1200,
  NOT_DELEGATE: 1201,
  DELEGATION_EXPIRED: 1202,
  ABOVE_LIMIT: 1203,
  BUDGET_SPENT: 1204,
  RESERVE_TOO_LOW: 1205,
  DELEGATE_IS_PAYER: 1206,
  INVALID_AMOUNT: 1207,
  TOKEN_MISMATCH: 1208,
  TRANSFER_FAILED: 1209,
  FORBIDDEN_TRANSFER: 1210,
} as const;

const byAsset = (operation: string, amount: bigint, asset: Asset, sender: string): Outcome =>
  asset.token === null
    ? send(RESERVE, `${operation}-stx`, [Cl.uint(amount)], sender)
    : send(RESERVE, `${operation}-ft`, [Cl.uint(amount), Cl.principal(asset.token)], sender);

export const deposit = (amount: bigint, asset: Asset = STX, sender = MERCHANT) => byAsset("deposit", amount, asset, sender);
export const withdraw = (amount: bigint, asset: Asset = STX, sender = MERCHANT) => byAsset("withdraw", amount, asset, sender);

export interface Delegation {
  delegate?: string;
  asset?: Asset;
  perRefund?: bigint;
  perPeriod?: bigint;
  period?: bigint;
  expiresIn?: bigint;
}

export function setDelegate(delegation: Delegation = {}, sender = MERCHANT): Outcome {
  const { delegate = DELEGATE, asset = STX, perRefund = 50n, perPeriod = 80n, period = 100n, expiresIn = 1000n } = delegation;
  const limits = [perRefund, perPeriod, period, expiresIn].map(Cl.uint);
  return send(RESERVE, "set-delegate", [Cl.principal(delegate), optional(asset.token, Cl.principal), ...limits], sender);
}

export const revokeDelegate = (asset: Asset = STX, sender = MERCHANT, delegate = DELEGATE): Outcome =>
  send(RESERVE, "revoke-delegate", [Cl.principal(delegate), optional(asset.token, Cl.principal)], sender);

/** refund-stx or refund-ft, by the asset. */
export function refundFromReserve(refund: Refund & { asset?: Asset } = {}, sender = DELEGATE): Outcome {
  const { invoiceId = 1n, payer = PAYER, amount = 40n, asset = STX, expectedRefunded = 0n } = refund;
  const token = asset.token === null ? [] : [Cl.principal(asset.token)];
  const args = [
    Cl.uint(invoiceId),
    Cl.principal(payer),
    Cl.uint(amount),
    ...token,
    Cl.uint(expectedRefunded),
    optional(refund.reference, Cl.stringAscii),
    optional(refund.reason, Cl.stringUtf8),
  ];
  return send(RESERVE, asset.token === null ? "refund-stx" : "refund-ft", args, sender);
}

const read = (fn: string, ...args: ClarityValue[]): Plain =>
  plain(simnet.callReadOnlyFn(RESERVE, fn, args, STRANGER).result);

export const getCoverage = (asset: Asset = STX, merchant = MERCHANT) =>
  read("get-coverage", Cl.principal(merchant), optional(asset.token, Cl.principal)) as bigint;

export const getDelegate = (asset: Asset = STX, delegate = DELEGATE, merchant = MERCHANT) =>
  read("get-delegate", Cl.principal(merchant), Cl.principal(delegate), optional(asset.token, Cl.principal)) as PlainTuple | null;

/** Everything that the contract stores for those who act in the tests. */
function reserveState(assets: Asset[]): Plain {
  const merchants = [MERCHANT, OTHER_MERCHANT, STRANGER];
  const delegates = [DELEGATE, PAYER, OTHER_PAYER, STRANGER];
  return assets.flatMap((asset) =>
    merchants.map((merchant) => [
      getCoverage(asset, merchant),
      ...delegates.map((delegate) => getDelegate(asset, delegate, merchant)),
    ]),
  );
}

/** The call is refused with this code, and neither contract, nor any balance, changed. */
export function expectRefused(code: number, call: () => Outcome, ...hostile: Asset[]): void {
  const assets = [STX, SBTC, ...hostile];
  const before = reserveState(assets);
  expectCoreUnchanged(code, call);
  expect(reserveState(assets)).toEqual(before);
}

/** MERCHANT lets the contract refund, has 500 in reserve and a delegate; PAYER paid invoice 1 of 100. */
export function givenReserve(asset: Asset = STX, delegation: Delegation = {}): void {
  expectOk(setOperator(RESERVE, true, false));
  expectOk(deposit(500n, asset));
  expectOk(setDelegate({ asset, ...delegation }));
  givenPaidInvoice({ asset });
}
