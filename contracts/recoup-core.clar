;; recoup-core: invoices, payments and refunds, in STX or any SIP-010 token.
;;
;; A merchant creates invoices; payers pay the merchant directly; the merchant, or an operator it appointed, sends money
;; back to the payer it came from: never more than that payer paid, and only inside that payer's refund window.
;; Trust: nobody owns, pauses or changes this contract. It holds no funds: every transfer leaves tx-sender. A token may
;; be hostile: state and event come before its call, which can move nothing of tx-sender's but that token and amount.
;; Heights are burn (Bitcoin) heights. docs/CONTRACTS.md has the reasons.

(use-trait sip-010 .sip-010-trait.sip-010-trait)

;; The caller has no such authority, or the call was relayed by a contract.
(define-constant ERR_NOT_AUTHORISED (err u1000))
;; No invoice has this id.
(define-constant ERR_INVOICE_NOT_FOUND (err u1001))
;; The amount is zero, or min-payment is not in 1..amount.
(define-constant ERR_INVALID_AMOUNT (err u1002))
;; The refund window is out of range, or an extension does not lengthen it.
(define-constant ERR_INVALID_WINDOW (err u1003))
;; expires-in is not in 1..52560.
(define-constant ERR_INVALID_EXPIRY (err u1004))
;; The reference is an empty text.
(define-constant ERR_REFERENCE_EMPTY (err u1005))
;; The merchant used this reference before.
(define-constant ERR_REFERENCE_USED (err u1006))
;; The token of the call is not the invoice's.
(define-constant ERR_TOKEN_MISMATCH (err u1007))
;; The merchant named by the payer is not the invoice's.
(define-constant ERR_MERCHANT_MISMATCH (err u1008))
;; The payer is the merchant, is not the only-payer, or would be refunded by itself.
(define-constant ERR_PAYER_NOT_ALLOWED (err u1009))
;; The invoice is paid or cancelled, or a refund was issued.
(define-constant ERR_NOT_PAYABLE (err u1010))
;; The invoice is past its expires-at.
(define-constant ERR_INVOICE_EXPIRED (err u1011))
;; The payment is more than what is due.
(define-constant ERR_MORE_THAN_DUE (err u1012))
;; The payment is below min-payment and is not all the rest.
(define-constant ERR_BELOW_MIN_PAYMENT (err u1013))
;; An instalment would leave its payer less than 144 blocks to be refunded.
(define-constant ERR_INSTALMENT_TOO_LATE (err u1014))
;; The invoice is paid, cancelled, refunded or expired.
(define-constant ERR_NOT_CANCELLABLE (err u1015))
;; This payer paid nothing on this invoice.
(define-constant ERR_NOTHING_PAID (err u1020))
;; The refund window is over.
(define-constant ERR_WINDOW_EXPIRED (err u1021))
;; This payer was refunded everything it paid.
(define-constant ERR_FULLY_REFUNDED (err u1022))
;; The payer was refunded another amount so far than the issuer expected.
(define-constant ERR_LEDGER_CHANGED (err u1023))
;; The refund is more than what the payer paid and was not refunded.
(define-constant ERR_MORE_THAN_REFUNDABLE (err u1024))
;; The batch holds no refund.
(define-constant ERR_EMPTY_BATCH (err u1025))
;; The sender holds less than the amount.
(define-constant ERR_INSUFFICIENT_BALANCE (err u1030))
;; The token refused the transfer.
(define-constant ERR_TRANSFER_FAILED (err u1031))
;; The token tried to move more than the amount, or another asset, of the sender.
(define-constant ERR_FORBIDDEN_TRANSFER (err u1032))

(define-constant STATUS_OPEN u0)
(define-constant STATUS_PARTIALLY_PAID u1)
(define-constant STATUS_PAID u2)
(define-constant STATUS_EXPIRED u3) ;; derived, never stored
(define-constant STATUS_CANCELLED u4)
(define-constant STATUS_REFUNDED u5)

(define-constant DEFAULT_WINDOW u4320)
(define-constant MIN_WINDOW u144)
(define-constant MIN_INSTALMENT_WINDOW u1008)
(define-constant MAX_WINDOW u52560)
(define-constant MAX_EXPIRES_IN u52560)

;; Both count densely from 1.
(define-data-var last-invoice-id uint u0)
(define-data-var last-refund-id uint u0)

;; Invariants: amount-refunded <= amount-paid <= amount; both are the sums of the ledger entries; the status is
;; STATUS_REFUNDED if and only if amount-refunded = amount-paid > 0.
(define-map invoices uint {
  merchant: principal,
  token: (optional principal), ;; none is STX
  amount: uint,
  amount-paid: uint,
  amount-refunded: uint,
  status: uint,
  min-payment: (optional uint), ;; none: one payment of the whole amount
  only-payer: (optional principal),
  refund-window: uint,
  created-at: uint,
  expires-at: uint, ;; the first height at which it cannot be paid
  first-payment-at: (optional uint),
  payer-count: uint,
  last-refund-id: (optional uint), ;; head of the chain of refunds linked by previous
})

;; What refunds never read; absent when there is nothing to note.
(define-map notes uint {
  reference: (optional (string-ascii 64)),
  memo: (optional (string-utf8 256)),
  subscription-id: (optional uint),
})

;; Invariant: 0 <= refunded <= paid, paid > 0.
(define-map ledger {id: uint, payer: principal} {paid: uint, refunded: uint, first-paid-at: uint})

;; The payers of an invoice by order of their first payment, index from 0.
(define-map payers {id: uint, index: uint} principal)

(define-map refunds uint {
  invoice-id: uint,
  payer: principal,
  amount: uint,
  issuer: principal,
  reason: (optional (string-utf8 256)),
  reference: (optional (string-ascii 64)),
  burn-height: uint,
  previous: (optional uint), ;; the refund of this invoice before this one
})

;; Each reference of a merchant names one invoice, and one refund, for ever.
(define-map invoice-references {merchant: principal, reference: (string-ascii 64)} uint)
(define-map refund-references {merchant: principal, reference: (string-ascii 64)} uint)

;; What a merchant lets others do for it.
(define-map operators {merchant: principal, operator: principal} {may-refund: bool, may-invoice: bool})

;; --- Read-only

;; The invoice, with STATUS_EXPIRED where it applies.
(define-read-only (get-invoice (id uint))
  (match (map-get? invoices id)
    invoice (some (merge invoice {
      status: (status-now (get status invoice) (get expires-at invoice)),
    }))
    none))

(define-read-only (get-note (id uint))
  (map-get? notes id))

(define-read-only (get-ledger (id uint) (payer principal))
  (map-get? ledger {id: id, payer: payer}))

(define-read-only (get-refund (id uint))
  (map-get? refunds id))

(define-read-only (get-invoice-by-reference (merchant principal) (reference (string-ascii 64)))
  (map-get? invoice-references {merchant: merchant, reference: reference}))

(define-read-only (get-refund-by-reference (merchant principal) (reference (string-ascii 64)))
  (map-get? refund-references {merchant: merchant, reference: reference}))

(define-read-only (get-payer-at (id uint) (index uint))
  (map-get? payers {id: id, index: index}))

(define-read-only (get-operator (merchant principal) (operator principal))
  (default-to {may-refund: false, may-invoice: false}
    (map-get? operators {merchant: merchant, operator: operator})))

(define-read-only (get-last-ids)
  {invoice-id: (var-get last-invoice-id), refund-id: (var-get last-refund-id)})

;; The first height at which a refund of this payer is refused; none before it paid.
(define-read-only (get-deadline (id uint) (payer principal))
  (match (map-get? invoices id)
    invoice (match (map-get? ledger {id: id, payer: payer})
      entry (some (+ (get first-paid-at entry) (get refund-window invoice)))
      none)
    none))

;; What can be refunded to this payer now or, when that is nothing, the error code that says why.
(define-read-only (get-refundable (id uint) (payer principal))
  (match (find-refundable id payer)
    left {amount: left, reason: none}
    code {amount: u0, reason: (some code)}))

;; All that a wallet needs for one refund. refusal: the error code that says why this reference cannot be used, or why
;; nothing is refundable.
(define-read-only (get-refund-quote (invoice-id uint) (payer principal) (reference (optional (string-ascii 64))))
  (match (map-get? invoices invoice-id)
    invoice (let (
        (merchant (get merchant invoice))
        (entry (get-ledger invoice-id payer))
        (refundable (find-refundable invoice-id payer)))
      (some {
        merchant: merchant,
        token: (get token invoice),
        amount: (get amount invoice),
        amount-paid: (get amount-paid invoice),
        amount-refunded: (get amount-refunded invoice),
        status: (status-now (get status invoice) (get expires-at invoice)),
        refund-window: (get refund-window invoice),
        first-payment-at: (get first-payment-at invoice),
        payer-count: (get payer-count invoice),
        paid: (match entry it (get paid it) u0),
        refunded: (match entry it (get refunded it) u0),
        deadline: (get-deadline invoice-id payer),
        refundable: (match refundable left left code u0),
        refusal: (match (check-refund-reference merchant reference)
          unused (match refundable left none code (some code))
          code (some code)),
        reference-refund-id: (match reference text (get-refund-by-reference merchant text) none),
        burn-height: burn-block-height,
      }))
    none))

;; --- Invoices

;; Creates an invoice of the caller. Event: invoice-created. Answers its id.
(define-public (create-invoice
    (amount uint)
    (token (optional principal))
    (expires-in uint)
    (refund-window (optional uint))
    (min-payment (optional uint))
    (only-payer (optional principal))
    (reference (optional (string-ascii 64)))
    (memo (optional (string-utf8 256))))
  (begin
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (open-invoice tx-sender amount token expires-in refund-window min-payment only-payer reference memo none)))

;; Ends payment of an invoice that is not fully paid. What was paid stays refundable. Event: invoice-cancelled.
(define-public (cancel-invoice (invoice-id uint))
  (let ((invoice (try! (get-own-invoice invoice-id))))
    (asserts!
      (<= (status-now (get status invoice) (get expires-at invoice)) STATUS_PARTIALLY_PAID)
      ERR_NOT_CANCELLABLE)
    (map-set invoices invoice-id (merge invoice {status: STATUS_CANCELLED}))
    (print {
      event: "invoice-cancelled",
      burn-height: burn-block-height,
      invoice-id: invoice-id,
      merchant: tx-sender,
      amount-paid: (get amount-paid invoice),
      amount-refunded: (get amount-refunded invoice),
      status: STATUS_CANCELLED,
      refund-window: (get refund-window invoice),
      first-payment-at: (get first-payment-at invoice),
      expires-at: (get expires-at invoice),
    })
    (ok true)))

;; Lengthens the refund window for all payers, until the first of their deadlines. Event: refund-window-extended.
(define-public (extend-refund-window (invoice-id uint) (new-window uint))
  (let (
      (invoice (try! (get-own-invoice invoice-id)))
      (old-window (get refund-window invoice))
      (first-payment-at (get first-payment-at invoice)))
    (asserts! (and (> new-window old-window) (<= new-window MAX_WINDOW)) ERR_INVALID_WINDOW)
    (asserts! (match first-payment-at height (< burn-block-height (+ height old-window)) true) ERR_WINDOW_EXPIRED)
    (map-set invoices invoice-id (merge invoice {refund-window: new-window}))
    (print {
      event: "refund-window-extended",
      burn-height: burn-block-height,
      invoice-id: invoice-id,
      merchant: tx-sender,
      old-window: old-window,
      amount-paid: (get amount-paid invoice),
      amount-refunded: (get amount-refunded invoice),
      status: (get status invoice),
      refund-window: new-window,
      first-payment-at: first-payment-at,
      expires-at: (get expires-at invoice),
    })
    (ok true)))

;; Lets `operator` refund or invoice for the caller; both false revokes. Event: operator-set.
(define-public (set-operator (operator principal) (may-refund bool) (may-invoice bool))
  (let ((key {merchant: tx-sender, operator: operator}))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (if (or may-refund may-invoice)
      (map-set operators key {may-refund: may-refund, may-invoice: may-invoice})
      (map-delete operators key))
    (print {
      event: "operator-set",
      burn-height: burn-block-height,
      merchant: tx-sender,
      operator: operator,
      may-refund: may-refund,
      may-invoice: may-invoice,
    })
    (ok true)))

;; --- Payments

;; Pays tx-sender's STX to the merchant, which the payer names because a fork can give an id to another invoice.
;; Event: payment-received.
(define-public (pay-stx (invoice-id uint) (merchant principal) (amount uint))
  (begin
    (try! (record-payment invoice-id merchant amount none))
    (send-stx amount merchant)))

;; As pay-stx, in a token.
(define-public (pay-ft (invoice-id uint) (merchant principal) (amount uint) (token <sip-010>))
  (begin
    (try! (record-payment invoice-id merchant amount (some (contract-of token))))
    (send-ft amount merchant token)))

;; Creates and pays an invoice for tx-sender alone, called by an operator with may-invoice. Answers its id.
;; Events: invoice-created, payment-received.
(define-public (invoice-and-pay-stx
    (merchant principal)
    (amount uint)
    (refund-window (optional uint))
    (subscription-id (optional uint)))
  (let ((invoice-id (try! (invoice-tx-sender merchant amount none refund-window subscription-id))))
    (try! (pay-stx invoice-id merchant amount))
    (ok invoice-id)))

;; As invoice-and-pay-stx, in a token.
(define-public (invoice-and-pay-ft
    (merchant principal)
    (amount uint)
    (token <sip-010>)
    (refund-window (optional uint))
    (subscription-id (optional uint)))
  (let (
      (asset (some (contract-of token)))
      (invoice-id (try! (invoice-tx-sender merchant amount asset refund-window subscription-id))))
    (try! (pay-ft invoice-id merchant amount token))
    (ok invoice-id)))

;; --- Refunds

;; Sends tx-sender's STX back to a payer: for the merchant, or an operator with may-refund. expected-refunded is what
;; the issuer believes this payer was refunded so far. Event: refund-processed. Answers the refund's id.
(define-public (refund-stx
    (invoice-id uint)
    (payer principal)
    (amount uint)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (let ((refund-id (try! (record-refund invoice-id payer amount none expected-refunded reference reason))))
    (try! (send-stx amount payer))
    (ok refund-id)))

;; As refund-stx, in a token.
(define-public (refund-ft
    (invoice-id uint)
    (payer principal)
    (amount uint)
    (token <sip-010>)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (let (
      (asset (some (contract-of token)))
      (refund-id (try! (record-refund invoice-id payer amount asset expected-refunded reference reason))))
    (try! (send-ft amount payer token))
    (ok refund-id)))

;; All of the refunds, or none. Answers the last refund's id.
(define-public (refund-many-stx (refunds-due (list 200 {
    invoice-id: uint,
    payer: principal,
    amount: uint,
    expected-refunded: uint,
    reference: (optional (string-ascii 64)),
    reason: (optional (string-utf8 256)),
  })))
  (begin
    (asserts! (> (len refunds-due) u0) ERR_EMPTY_BATCH)
    (fold refund-stx-step refunds-due (ok u0))))

;; As refund-many-stx, in one token.
(define-public (refund-many-ft
    (refunds-due (list 200 {
      invoice-id: uint,
      payer: principal,
      amount: uint,
      expected-refunded: uint,
      reference: (optional (string-ascii 64)),
      reason: (optional (string-utf8 256)),
    }))
    (token <sip-010>))
  (begin
    (asserts! (> (len refunds-due) u0) ERR_EMPTY_BATCH)
    (ok (get last-id (try! (fold refund-ft-step refunds-due (ok {last-id: u0, token: token})))))))

;; --- Private: authority and state

;; True when no contract stands between tx-sender and this call. A smart wallet calls inside as-contract?.
(define-private (is-direct-call)
  (is-eq tx-sender contract-caller))

;; The invoice, when the caller is its merchant.
(define-private (get-own-invoice (id uint))
  (let ((invoice (unwrap! (map-get? invoices id) ERR_INVOICE_NOT_FOUND)))
    (asserts! (and (is-direct-call) (is-eq tx-sender (get merchant invoice))) ERR_NOT_AUTHORISED)
    (ok invoice)))

(define-private (status-now (stored uint) (expires-at uint))
  (if (and (<= stored STATUS_PARTIALLY_PAID) (>= burn-block-height expires-at))
    STATUS_EXPIRED
    stored))

;; What a payer can be refunded, or the error that says why nothing.
(define-private (refundable-at (height uint) (deadline uint) (paid uint) (refunded uint))
  (begin
    (asserts! (< height deadline) ERR_WINDOW_EXPIRED)
    (asserts! (< refunded paid) ERR_FULLY_REFUNDED)
    (ok (- paid refunded))))

(define-private (find-refundable (id uint) (payer principal))
  (let (
      (invoice (unwrap! (map-get? invoices id) ERR_INVOICE_NOT_FOUND))
      (entry (unwrap! (get-ledger id payer) ERR_NOTHING_PAID))
      (deadline (+ (get first-paid-at entry) (get refund-window invoice))))
    (refundable-at burn-block-height deadline (get paid entry) (get refunded entry))))

;; Refuses a refund reference that is empty or used.
(define-private (check-refund-reference (merchant principal) (reference (optional (string-ascii 64))))
  (match reference
    text (begin
      (asserts! (> (len text) u0) ERR_REFERENCE_EMPTY)
      (ok (asserts! (is-none (get-refund-by-reference merchant text)) ERR_REFERENCE_USED)))
    (ok true)))

;; --- Private: the writers of invoices, payments and refunds

(define-private (open-invoice
    (merchant principal)
    (amount uint)
    (token (optional principal))
    (expires-in uint)
    (refund-window (optional uint))
    (min-payment (optional uint))
    (only-payer (optional principal))
    (reference (optional (string-ascii 64)))
    (memo (optional (string-utf8 256)))
    (subscription-id (optional uint)))
  (let (
      (id (+ (var-get last-invoice-id) u1))
      (window (default-to DEFAULT_WINDOW refund-window)))
    (asserts! (> amount u0) ERR_INVALID_AMOUNT)
    (asserts! (match min-payment least (and (> least u0) (<= least amount)) true) ERR_INVALID_AMOUNT)
    (asserts! (>= window (if (is-some min-payment) MIN_INSTALMENT_WINDOW MIN_WINDOW)) ERR_INVALID_WINDOW)
    (asserts! (<= window MAX_WINDOW) ERR_INVALID_WINDOW)
    (asserts! (and (> expires-in u0) (<= expires-in MAX_EXPIRES_IN)) ERR_INVALID_EXPIRY)
    (asserts! (not (is-eq only-payer (some merchant))) ERR_PAYER_NOT_ALLOWED)
    (match reference
      text (begin
        (asserts! (> (len text) u0) ERR_REFERENCE_EMPTY)
        (asserts! (map-insert invoice-references {merchant: merchant, reference: text} id) ERR_REFERENCE_USED))
      true)
    (let (
        (now burn-block-height)
        (expires-at (+ now expires-in)))
      (var-set last-invoice-id id)
      (map-set invoices id {
        merchant: merchant,
        token: token,
        amount: amount,
        amount-paid: u0,
        amount-refunded: u0,
        status: STATUS_OPEN,
        min-payment: min-payment,
        only-payer: only-payer,
        refund-window: window,
        created-at: now,
        expires-at: expires-at,
        first-payment-at: none,
        payer-count: u0,
        last-refund-id: none,
      })
      (if (or (is-some reference) (is-some memo) (is-some subscription-id))
        (map-set notes id {reference: reference, memo: memo, subscription-id: subscription-id})
        true)
      (print {
        event: "invoice-created",
        burn-height: now,
        invoice-id: id,
        merchant: merchant,
        issuer: contract-caller,
        token: token,
        amount: amount,
        min-payment: min-payment,
        only-payer: only-payer,
        reference: reference,
        memo: memo,
        subscription-id: subscription-id,
        amount-paid: u0,
        amount-refunded: u0,
        status: STATUS_OPEN,
        refund-window: window,
        first-payment-at: none,
        expires-at: expires-at,
      })
      (ok id))))

;; Opens an invoice that only tx-sender can pay, and only in this block, for an operator with may-invoice.
(define-private (invoice-tx-sender
    (merchant principal)
    (amount uint)
    (token (optional principal))
    (refund-window (optional uint))
    (subscription-id (optional uint)))
  (begin
    (asserts! (get may-invoice (get-operator merchant contract-caller)) ERR_NOT_AUTHORISED)
    (open-invoice merchant amount token u1 refund-window none (some tx-sender) none none subscription-id)))

(define-private (record-payment (invoice-id uint) (merchant principal) (amount uint) (token (optional principal)))
  (let (
      (invoice (unwrap! (map-get? invoices invoice-id) ERR_INVOICE_NOT_FOUND))
      (key {id: invoice-id, payer: tx-sender})
      (entry (map-get? ledger key))
      (due (- (get amount invoice) (get amount-paid invoice)))
      (window (get refund-window invoice))
      (expires-at (get expires-at invoice))
      (now burn-block-height)
      (first-paid-at (match entry it (get first-paid-at it) now))
      (deadline (+ first-paid-at window)))
    (asserts! (is-eq merchant (get merchant invoice)) ERR_MERCHANT_MISMATCH)
    (asserts! (is-eq token (get token invoice)) ERR_TOKEN_MISMATCH)
    (asserts! (not (is-eq tx-sender merchant)) ERR_PAYER_NOT_ALLOWED)
    (asserts! (is-eq tx-sender (default-to tx-sender (get only-payer invoice))) ERR_PAYER_NOT_ALLOWED)
    (asserts! (<= (get status invoice) STATUS_PARTIALLY_PAID) ERR_NOT_PAYABLE)
    (asserts! (is-eq (get amount-refunded invoice) u0) ERR_NOT_PAYABLE)
    (asserts! (< now expires-at) ERR_INVOICE_EXPIRED)
    (asserts! (> amount u0) ERR_INVALID_AMOUNT)
    (asserts! (<= amount due) ERR_MORE_THAN_DUE)
    (asserts!
      (or (is-eq amount due) (>= amount (default-to due (get min-payment invoice))))
      ERR_BELOW_MIN_PAYMENT)
    (asserts! (or (is-none entry) (<= (+ now MIN_WINDOW) deadline)) ERR_INSTALMENT_TOO_LATE)
    (let (
        (payer-paid (+ (match entry it (get paid it) u0) amount))
        (payer-count (get payer-count invoice))
        (amount-paid (+ (get amount-paid invoice) amount))
        (status (if (is-eq amount due) STATUS_PAID STATUS_PARTIALLY_PAID))
        (first-payment-at (some (default-to now (get first-payment-at invoice)))))
      (map-set invoices invoice-id (merge invoice {
        amount-paid: amount-paid,
        status: status,
        first-payment-at: first-payment-at,
        payer-count: (if (is-none entry) (+ payer-count u1) payer-count),
      }))
      (map-set ledger key {paid: payer-paid, refunded: u0, first-paid-at: first-paid-at})
      (if (is-none entry)
        (map-set payers {id: invoice-id, index: payer-count} tx-sender)
        true)
      (print {
        event: "payment-received",
        burn-height: now,
        invoice-id: invoice-id,
        merchant: merchant,
        payer: tx-sender,
        token: token,
        amount: amount,
        payer-paid: payer-paid,
        payer-refunded: u0, ;; nothing is paid once a refund was issued
        deadline: deadline,
        amount-paid: amount-paid,
        amount-refunded: u0,
        status: status,
        refund-window: window,
        first-payment-at: first-payment-at,
        expires-at: expires-at,
      })
      (ok true))))

(define-private (record-refund
    (invoice-id uint)
    (payer principal)
    (amount uint)
    (token (optional principal))
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (let (
      (invoice (unwrap! (map-get? invoices invoice-id) ERR_INVOICE_NOT_FOUND))
      (merchant (get merchant invoice))
      (window (get refund-window invoice))
      (refund-id (+ (var-get last-refund-id) u1))
      (key {id: invoice-id, payer: payer}))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts!
      (or (is-eq tx-sender merchant) (get may-refund (get-operator merchant tx-sender)))
      ERR_NOT_AUTHORISED)
    ;; Before all that can change: a retry of a refund that succeeded answers ERR_REFERENCE_USED for ever.
    (match reference
      text (begin
        (asserts! (> (len text) u0) ERR_REFERENCE_EMPTY)
        (asserts! (map-insert refund-references {merchant: merchant, reference: text} refund-id) ERR_REFERENCE_USED))
      true)
    (asserts! (is-eq token (get token invoice)) ERR_TOKEN_MISMATCH)
    (let (
        (entry (unwrap! (map-get? ledger key) ERR_NOTHING_PAID))
        (payer-paid (get paid entry))
        (now burn-block-height)
        (deadline (+ (get first-paid-at entry) window))
        (left (try! (refundable-at now deadline payer-paid (get refunded entry)))))
      (asserts! (> amount u0) ERR_INVALID_AMOUNT)
      (asserts! (is-eq expected-refunded (get refunded entry)) ERR_LEDGER_CHANGED)
      (asserts! (<= amount left) ERR_MORE_THAN_REFUNDABLE)
      (asserts! (not (is-eq payer tx-sender)) ERR_PAYER_NOT_ALLOWED)
      (let (
          (payer-refunded (+ expected-refunded amount))
          (amount-paid (get amount-paid invoice))
          (amount-refunded (+ (get amount-refunded invoice) amount))
          (status (if (is-eq amount-refunded amount-paid) STATUS_REFUNDED (get status invoice))))
        (var-set last-refund-id refund-id)
        (map-set invoices invoice-id
          (merge invoice {amount-refunded: amount-refunded, status: status, last-refund-id: (some refund-id)}))
        (map-set ledger key (merge entry {refunded: payer-refunded}))
        (map-set refunds refund-id {
          invoice-id: invoice-id,
          payer: payer,
          amount: amount,
          issuer: tx-sender,
          reason: reason,
          reference: reference,
          burn-height: now,
          previous: (get last-refund-id invoice),
        })
        (print {
          event: "refund-processed",
          burn-height: now,
          refund-id: refund-id,
          invoice-id: invoice-id,
          merchant: merchant,
          issuer: tx-sender,
          payer: payer,
          token: token,
          amount: amount,
          reason: reason,
          reference: reference,
          payer-paid: payer-paid,
          payer-refunded: payer-refunded,
          deadline: deadline,
          amount-paid: amount-paid,
          amount-refunded: amount-refunded,
          status: status,
          refund-window: window,
          first-payment-at: (get first-payment-at invoice),
          expires-at: (get expires-at invoice),
        })
        (ok refund-id)))))

(define-private (refund-stx-step
    (due {
      invoice-id: uint,
      payer: principal,
      amount: uint,
      expected-refunded: uint,
      reference: (optional (string-ascii 64)),
      reason: (optional (string-utf8 256)),
    })
    (previous (response uint uint)))
  (begin
    (try! previous)
    (refund-stx
      (get invoice-id due)
      (get payer due)
      (get amount due)
      (get expected-refunded due)
      (get reference due)
      (get reason due))))

(define-private (refund-ft-step
    (due {
      invoice-id: uint,
      payer: principal,
      amount: uint,
      expected-refunded: uint,
      reference: (optional (string-ascii 64)),
      reason: (optional (string-utf8 256)),
    })
    (previous (response {last-id: uint, token: <sip-010>} uint)))
  (let ((token (get token (try! previous))))
    (ok {
      last-id: (try! (refund-ft
        (get invoice-id due)
        (get payer due)
        (get amount due)
        token
        (get expected-refunded due)
        (get reference due)
        (get reason due))),
      token: token,
    })))

;; --- Private: transfers from tx-sender

;; No fence is needed: it moves exactly this and calls nobody.
(define-private (send-stx (amount uint) (recipient principal))
  (match (stx-transfer? amount tx-sender recipient)
    sent (ok sent)
    code (if (is-eq code u1) ERR_INSUFFICIENT_BALANCE ERR_TRANSFER_FAILED)))

;; The token runs with tx-sender's authority: restrict-assets? undoes and reports whatever else of tx-sender's it moves.
;; Every refusal ends in an error, which undoes whatever get-balance may do.
(define-private (send-ft (amount uint) (recipient principal) (token <sip-010>))
  (match (restrict-assets? tx-sender ((with-ft (contract-of token) "*" amount))
      (match (contract-call? token transfer amount tx-sender recipient none)
        sent (if sent none (some u0))
        code (some code)))
    refusal (match refusal
      code (if (or (is-eq code u1) (< (try! (balance-of-sender token)) amount))
        ERR_INSUFFICIENT_BALANCE
        ERR_TRANSFER_FAILED)
      (ok true))
    violation ERR_FORBIDDEN_TRANSFER))

(define-private (balance-of-sender (token <sip-010>))
  (ok (unwrap! (contract-call? token get-balance tx-sender) ERR_TRANSFER_FAILED)))
