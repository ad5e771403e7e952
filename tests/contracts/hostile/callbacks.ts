/** Tokens that call one function of the three contracts while they are transferred, with the authority of whoever transfers. */
import { MERCHANT, OTHER_MERCHANT, PAYER } from "../helpers.ts";

/** What the function answers to the token: one of these codes; or it would move money, which the fence undoes. */
export type Inner = number[] | "moves";

export interface Callback {
  contract: "recoup-core" | "recoup-subscriptions" | "recoup-reserve";
  fn: string;
  args: string;
  inner: Inner;
}

const payer = `'${PAYER}`;
const merchant = `'${MERCHANT}`;
const accomplice = `'${OTHER_MERCHANT}`;
const due = `(list {invoice-id: u1, payer: ${payer}, amount: u1, expected-refunded: u0, reference: none, reason: none})`;

/** Invoice 1 is bait: paid by the payer, refundable. 2 and 3 are the accomplice's, to be paid in STX and sBTC; plans 1 and 2 too. */
export const CALLBACKS: Callback[] = [
  { contract: "recoup-core", fn: "create-invoice", args: "u1 none u100 none none none none none", inner: [1000] },
  { contract: "recoup-core", fn: "cancel-invoice", args: "u1", inner: [1000] },
  { contract: "recoup-core", fn: "extend-refund-window", args: "u1 u52560", inner: [1000] },
  { contract: "recoup-core", fn: "set-operator", args: "current-contract true true", inner: [1000] },
  { contract: "recoup-core", fn: "pay-stx", args: `u2 ${accomplice} u1`, inner: "moves" },
  { contract: "recoup-core", fn: "pay-ft", args: `u3 ${accomplice} u1 .mock-sbtc`, inner: "moves" },
  { contract: "recoup-core", fn: "invoice-and-pay-stx", args: `${accomplice} u1 none none`, inner: [1000] },
  { contract: "recoup-core", fn: "invoice-and-pay-ft", args: `${accomplice} u1 .mock-sbtc none none`, inner: [1000] },
  { contract: "recoup-core", fn: "refund-stx", args: `u1 ${payer} u1 u0 none none`, inner: [1000] },
  { contract: "recoup-core", fn: "refund-ft", args: `u1 ${payer} u1 .mock-sbtc u0 none none`, inner: [1000] },
  { contract: "recoup-core", fn: "refund-many-stx", args: due, inner: [1000] },
  { contract: "recoup-core", fn: "refund-many-ft", args: `${due} .mock-sbtc`, inner: [1000] },
  { contract: "recoup-subscriptions", fn: "create-plan", args: "none u1 u1 none", inner: [1100] },
  { contract: "recoup-subscriptions", fn: "close-plan", args: "u1", inner: [1100] },
  { contract: "recoup-subscriptions", fn: "subscribe-stx", args: `u1 ${accomplice} u1`, inner: "moves" },
  { contract: "recoup-subscriptions", fn: "subscribe-ft", args: `u2 ${accomplice} u1 .mock-sbtc`, inner: "moves" },
  // Nobody's subscription but the payer's own.
  { contract: "recoup-subscriptions", fn: "pay-stx", args: `u9 ${accomplice} u1`, inner: [1104] },
  { contract: "recoup-subscriptions", fn: "pay-ft", args: `u9 ${accomplice} u1 .mock-sbtc`, inner: [1104] },
  { contract: "recoup-subscriptions", fn: "cancel", args: "u1", inner: [1100] },
  { contract: "recoup-reserve", fn: "deposit-stx", args: "u1", inner: [1200] },
  { contract: "recoup-reserve", fn: "deposit-ft", args: "u1 .mock-sbtc", inner: [1200] },
  { contract: "recoup-reserve", fn: "withdraw-stx", args: "u1", inner: [1200] },
  { contract: "recoup-reserve", fn: "withdraw-ft", args: "u1 .mock-sbtc", inner: [1200] },
  { contract: "recoup-reserve", fn: "set-delegate", args: "current-contract none u9 u9 u9 u9", inner: [1200] },
  { contract: "recoup-reserve", fn: "revoke-delegate", args: `${merchant} none`, inner: [1200] },
  { contract: "recoup-reserve", fn: "refund-stx", args: `u1 ${payer} u1 u0 none none`, inner: [1201] },
  { contract: "recoup-reserve", fn: "refund-ft", args: `u1 ${payer} u1 .mock-sbtc u0 none none`, inner: [1201] },
];

/** Obeys until it is told to call back; then it calls the function, prints the code of the answer, and moves the amount. */
export const tokenSource = ({ contract, fn, args }: Callback): string => `
(impl-trait .sip-010-trait.sip-010-trait)
(define-fungible-token coin)
(define-non-fungible-token collectible uint)
(define-data-var bold bool false)
(define-read-only (get-name) (ok "calls-back"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))
(define-public (mint (amount uint) (recipient principal)) (ft-mint? coin amount recipient))
(define-public (mint-collectible (id uint) (recipient principal)) (nft-mint? collectible id recipient))
(define-public (be-bold) (ok (var-set bold true)))
(define-private (call-back)
  (match (contract-call? .${contract} ${fn} ${args}) done (print u0) code (print code)))
(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (if (var-get bold) (call-back) u0)
    (ft-transfer? coin amount sender recipient)))
`;

/** What of recoup-core is being carried out whenever it transfers a token. */
const SENDING = "recoup-core send-ft";

/** The functions that are being carried out when each operation transfers the token. */
const ENTERED: Record<string, string[]> = {
  pay: ["recoup-core pay-ft", SENDING],
  "invoice-and-pay": ["recoup-core invoice-and-pay-ft", "recoup-core pay-ft", SENDING],
  subscribe: ["recoup-subscriptions subscribe-ft", "recoup-core invoice-and-pay-ft", "recoup-core pay-ft", SENDING],
  "pay-subscription": ["recoup-subscriptions pay-ft", "recoup-core invoice-and-pay-ft", "recoup-core pay-ft", SENDING],
  refund: ["recoup-core refund-ft", SENDING],
  "refund-many": ["recoup-core refund-many-ft", "recoup-core refund-ft", SENDING],
  deposit: ["recoup-reserve deposit-ft"],
  withdraw: ["recoup-reserve withdraw-ft"],
  "refund-from-reserve": ["recoup-reserve refund-ft", "recoup-core refund-ft", SENDING],
};

/** The functions that a callback comes to before it is refused, beside its own. */
const LEADS_TO: Record<string, string[]> = {
  "recoup-core pay-ft": [SENDING],
  "recoup-core refund-many-ft": ["recoup-core refund-ft"],
  "recoup-subscriptions subscribe-ft": [SENDING],
};

/** Whether the callback comes to a function that is being carried out already, which the Clarity VM does not allow. */
export function isEntered(operation: string, { contract, fn }: Callback): boolean {
  const name = `${contract} ${fn}`;
  return [name, ...(LEADS_TO[name] ?? [])].some((one) => ENTERED[operation]?.includes(one));
}
