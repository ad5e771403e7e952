;; recoup-reserve: merchants' funds for refunds, and delegates who may refund from them within a budget.
;;
;; A merchant lets this contract refund for it (recoup-core set-operator, may-refund), deposits, and names delegates. A
;; delegate's refund passes recoup-core as any other: only to a payer, never more than it paid, only in its window; its
;; issuer is this contract. Trust: nobody owns, pauses or changes this contract. It holds funds: every transfer out of it
;; has one allowance, of that token and amount. A token may be hostile: balance, budget and event come before its call.
;; Heights are burn (Bitcoin) heights.

(use-trait sip-010 .sip-010-trait.sip-010-trait)

;; The call was relayed by a contract.
(define-constant ERR_NOT_AUTHORISED (err u1200))
;; The caller, or the principal to revoke, is no delegate of this merchant for this token.
(define-constant ERR_NOT_DELEGATE (err u1201))
;; The delegation is past its expires-at.
(define-constant ERR_DELEGATION_EXPIRED (err u1202))
;; The refund is above the delegate's limit for one refund.
(define-constant ERR_ABOVE_LIMIT (err u1203))
;; The refund is above what is left of the delegate's budget in this period.
(define-constant ERR_BUDGET_SPENT (err u1204))
;; The merchant's reserve holds less than the amount.
(define-constant ERR_RESERVE_TOO_LOW (err u1205))
;; A delegate would refund itself.
(define-constant ERR_DELEGATE_IS_PAYER (err u1206))
;; An amount is zero or too large, per-refund is above per-period, or period or expires-in is out of range.
(define-constant ERR_INVALID_AMOUNT (err u1207))
;; The token of the call is not the invoice's.
(define-constant ERR_TOKEN_MISMATCH (err u1208))
;; The token refused the transfer, or a deposit did not arrive in full.
(define-constant ERR_TRANSFER_FAILED (err u1209))
;; The token tried to move more than the amount, or another asset.
(define-constant ERR_FORBIDDEN_TRANSFER (err u1210))
;; No invoice has this id: recoup-core's own code. Its other refusals pass through likewise.
(define-constant ERR_INVOICE_NOT_FOUND (err u1001))

(define-constant MAX_PERIOD u52560)
(define-constant MAX_EXPIRES_IN u52560)
(define-constant MAX_UINT u340282366920938463463374607431768211455)

;; Invariant: for a token that obeys SIP-010, this contract holds at least the sum of all balances of that token.
(define-map balances {merchant: principal, token: (optional principal)} uint) ;; token none is STX

;; Invariant: spent <= per-period; 0 < per-refund <= per-period.
(define-map delegates {merchant: principal, delegate: principal, token: (optional principal)} {
  per-refund: uint,
  per-period: uint,
  period: uint,
  period-start: uint, ;; the next period starts with the first refund after this one ended
  spent: uint, ;; since period-start
  expires-at: uint, ;; the first height at which the delegate cannot refund
})

;; --- Read-only

;; What a merchant has in reserve for refunds in this token.
(define-read-only (get-coverage (merchant principal) (token (optional principal)))
  (default-to u0 (map-get? balances {merchant: merchant, token: token})))

(define-read-only (get-delegate (merchant principal) (delegate principal) (token (optional principal)))
  (map-get? delegates {merchant: merchant, delegate: delegate, token: token}))

;; --- The merchant's funds

;; Adds the caller's STX to its reserve. Event: reserve-deposited. Answers the balance.
(define-public (deposit-stx (amount uint))
  (let ((balance (try! (credit amount none))))
    (unwrap! (stx-transfer? amount tx-sender current-contract) ERR_TRANSFER_FAILED)
    (ok balance)))

;; As deposit-stx, in a token.
(define-public (deposit-ft (amount uint) (token <sip-010>))
  (let ((balance (try! (credit amount (some (contract-of token))))))
    (try! (receive-ft amount token))
    (ok balance)))

;; Sends STX of the caller's reserve back to it. Event: reserve-withdrawn. Answers the balance.
(define-public (withdraw-stx (amount uint))
  (let (
      (merchant tx-sender)
      (balance (try! (record-withdrawal amount none))))
    (unwrap!
      (as-contract? ((with-stx amount))
        (unwrap! (stx-transfer? amount tx-sender merchant) ERR_TRANSFER_FAILED))
      ERR_FORBIDDEN_TRANSFER)
    (ok balance)))

;; As withdraw-stx, in a token.
(define-public (withdraw-ft (amount uint) (token <sip-010>))
  (let (
      (merchant tx-sender)
      (balance (try! (record-withdrawal amount (some (contract-of token)))))
      (sent (unwrap!
        (as-contract? ((with-ft (contract-of token) "*" amount))
          (unwrap! (contract-call? token transfer amount tx-sender merchant none) ERR_TRANSFER_FAILED))
        ERR_FORBIDDEN_TRANSFER)))
    (asserts! sent ERR_TRANSFER_FAILED)
    (ok balance)))

;; --- Delegates

;; Lets `delegate` refund from the caller's reserve, at most per-refund at once and per-period in a period. Replaces what
;; was set before, and starts a period with nothing spent. Event: delegate-set.
(define-public (set-delegate
    (delegate principal)
    (token (optional principal))
    (per-refund uint)
    (per-period uint)
    (period uint)
    (expires-in uint))
  (begin
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts! (and (> per-refund u0) (<= per-refund per-period)) ERR_INVALID_AMOUNT)
    (asserts! (and (> period u0) (<= period MAX_PERIOD)) ERR_INVALID_AMOUNT)
    (asserts! (and (> expires-in u0) (<= expires-in MAX_EXPIRES_IN)) ERR_INVALID_AMOUNT)
    (let (
        (key {merchant: tx-sender, delegate: delegate, token: token})
        (delegation {
          per-refund: per-refund,
          per-period: per-period,
          period: period,
          period-start: burn-block-height,
          spent: u0,
          expires-at: (+ burn-block-height expires-in),
        }))
      (map-set delegates key delegation)
      (print (merge (merge key delegation) {event: "delegate-set", burn-height: burn-block-height}))
      (ok true))))

;; Ends a delegation at once. Event: delegate-revoked.
(define-public (revoke-delegate (delegate principal) (token (optional principal)))
  (let ((key {merchant: tx-sender, delegate: delegate, token: token}))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts! (map-delete delegates key) ERR_NOT_DELEGATE)
    (print (merge key {event: "delegate-revoked", burn-height: burn-block-height}))
    (ok true)))

;; --- Refunds

;; A delegate of the invoice's merchant sends STX of the merchant's reserve back to a payer. The arguments are those of
;; recoup-core's refund-stx. Event: reserve-refunded, beside recoup-core's own. Answers the refund's id.
(define-public (refund-stx
    (invoice-id uint)
    (payer principal)
    (amount uint)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (begin
    (try! (spend invoice-id payer amount none reference))
    (ok (unwrap!
      (as-contract? ((with-stx amount))
        (try! (contract-call? .recoup-core refund-stx invoice-id payer amount expected-refunded reference reason)))
      ERR_FORBIDDEN_TRANSFER))))

;; As refund-stx, in a token.
(define-public (refund-ft
    (invoice-id uint)
    (payer principal)
    (amount uint)
    (token <sip-010>)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (begin
    (try! (spend invoice-id payer amount (some (contract-of token)) reference))
    (ok (unwrap!
      (as-contract? ((with-ft (contract-of token) "*" amount))
        (try! (contract-call? .recoup-core refund-ft
          invoice-id payer amount token expected-refunded reference reason)))
      ERR_FORBIDDEN_TRANSFER))))

;; --- Private

;; True when no contract stands between tx-sender and this call. A smart wallet calls inside as-contract?.
(define-private (is-direct-call)
  (is-eq tx-sender contract-caller))

(define-private (credit (amount uint) (token (optional principal)))
  (let (
      (key {merchant: tx-sender, token: token})
      (before (get-coverage tx-sender token)))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts! (and (> amount u0) (<= amount (- MAX_UINT before))) ERR_INVALID_AMOUNT)
    (let ((balance (+ before amount)))
      (map-set balances key balance)
      (print (merge key {
        event: "reserve-deposited",
        burn-height: burn-block-height,
        amount: amount,
        balance: balance,
      }))
      (ok balance))))

(define-private (record-withdrawal (amount uint) (token (optional principal)))
  (begin
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts! (> amount u0) ERR_INVALID_AMOUNT)
    (let ((balance (try! (debit tx-sender token amount))))
      (print {
        event: "reserve-withdrawn",
        burn-height: burn-block-height,
        merchant: tx-sender,
        token: token,
        amount: amount,
        balance: balance,
      })
      (ok balance))))

;; Takes an amount off a balance, and answers what is left.
(define-private (debit (merchant principal) (token (optional principal)) (amount uint))
  (let ((before (get-coverage merchant token)))
    (asserts! (<= amount before) ERR_RESERVE_TOO_LOW)
    (map-set balances {merchant: merchant, token: token} (- before amount))
    (ok (- before amount))))

;; Charges tx-sender's budget and the merchant's reserve for a refund that recoup-core is asked for next. What
;; recoup-core would refuse is refused first, so that a retry of a refund that succeeded answers "reference used"
;; whatever became of the budget.
(define-private (spend
    (invoice-id uint)
    (payer principal)
    (amount uint)
    (token (optional principal))
    (reference (optional (string-ascii 64))))
  (let (
      (quote (unwrap!
        (contract-call? .recoup-core get-refund-quote invoice-id payer reference)
        ERR_INVOICE_NOT_FOUND))
      (merchant (get merchant quote))
      (key {merchant: merchant, delegate: tx-sender, token: (get token quote)})
      (delegation (unwrap! (map-get? delegates key) ERR_NOT_DELEGATE)))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (try! (match (get refusal quote) code (err code) (ok true)))
    (asserts! (is-eq token (get token quote)) ERR_TOKEN_MISMATCH)
    (asserts! (not (is-eq payer tx-sender)) ERR_DELEGATE_IS_PAYER)
    (asserts! (< burn-block-height (get expires-at delegation)) ERR_DELEGATION_EXPIRED)
    (asserts! (> amount u0) ERR_INVALID_AMOUNT)
    (asserts! (<= amount (get per-refund delegation)) ERR_ABOVE_LIMIT)
    (let (
        (current (at-this-period delegation))
        (spent (get spent current)))
      (asserts! (<= amount (- (get per-period delegation) spent)) ERR_BUDGET_SPENT)
      (let (
          (balance (try! (debit merchant token amount)))
          (charged (merge current {spent: (+ spent amount)})))
        (map-set delegates key charged)
        (print (merge (merge key charged) {
          event: "reserve-refunded",
          burn-height: burn-block-height,
          ;; recoup-core gives this id to the refund that it is asked for next.
          refund-id: (+ (get refund-id (contract-call? .recoup-core get-last-ids)) u1),
          invoice-id: invoice-id,
          payer: payer,
          amount: amount,
          balance: balance,
        }))
        (ok true)))))

;; The delegation, with a new period when the last one is over.
(define-private (at-this-period (delegation {
    per-refund: uint,
    per-period: uint,
    period: uint,
    period-start: uint,
    spent: uint,
    expires-at: uint,
  }))
  (if (< burn-block-height (+ (get period-start delegation) (get period delegation)))
    delegation
    (merge delegation {period-start: burn-block-height, spent: u0})))

;; Takes a token from tx-sender. It runs with tx-sender's authority: restrict-assets? undoes and reports whatever else of
;; tx-sender's it moves. What it says to have moved must have arrived, because other merchants share this contract's
;; holdings of the token.
(define-private (receive-ft (amount uint) (token <sip-010>))
  (let ((arrived (unwrap!
      (restrict-assets? tx-sender ((with-ft (contract-of token) "*" amount))
        (let (
            (before (unwrap! (contract-call? token get-balance current-contract) ERR_TRANSFER_FAILED))
            (sent (unwrap! (contract-call? token transfer amount tx-sender current-contract none) ERR_TRANSFER_FAILED))
            (after (unwrap! (contract-call? token get-balance current-contract) ERR_TRANSFER_FAILED)))
          (and sent (>= after before) (is-eq (- after before) amount))))
      ERR_FORBIDDEN_TRANSFER)))
    (ok (asserts! arrived ERR_TRANSFER_FAILED))))
