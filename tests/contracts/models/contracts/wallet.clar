;; A smart wallet: anybody may have it act as itself, with every argument of the three contracts' functions. Their errors
;; are its own answers.
(use-trait sip-010 .sip-010-trait.sip-010-trait)

(define-public (create-invoice
    (amount uint)
    (token (optional principal))
    (expires-in uint)
    (refund-window (optional uint))
    (min-payment (optional uint))
    (only-payer (optional principal))
    (reference (optional (string-ascii 64)))
    (memo (optional (string-utf8 256))))
  (as-contract? ()
    (try! (contract-call? .recoup-core create-invoice
      amount token expires-in refund-window min-payment only-payer reference memo))))

(define-public (cancel-invoice (id uint))
  (as-contract? () (try! (contract-call? .recoup-core cancel-invoice id))))

(define-public (extend-refund-window (id uint) (new-window uint))
  (as-contract? () (try! (contract-call? .recoup-core extend-refund-window id new-window))))

(define-public (set-operator (operator principal) (may-refund bool) (may-invoice bool))
  (as-contract? () (try! (contract-call? .recoup-core set-operator operator may-refund may-invoice))))

(define-public (pay-stx (id uint) (merchant principal) (amount uint))
  (as-contract? ((with-stx amount)) (try! (contract-call? .recoup-core pay-stx id merchant amount))))

(define-public (pay-ft (id uint) (merchant principal) (amount uint) (token <sip-010>))
  (as-contract? ((with-ft (contract-of token) "*" amount))
    (try! (contract-call? .recoup-core pay-ft id merchant amount token))))

(define-public (charge-stx (merchant principal) (amount uint) (window (optional uint)) (subscription-id (optional uint)))
  (as-contract? ((with-stx amount))
    (try! (contract-call? .billing-operator charge-stx merchant amount window subscription-id))))

(define-public (charge-ft
    (merchant principal)
    (amount uint)
    (token <sip-010>)
    (window (optional uint))
    (subscription-id (optional uint)))
  (as-contract? ((with-ft (contract-of token) "*" amount))
    (try! (contract-call? .billing-operator charge-ft merchant amount token window subscription-id))))

(define-public (refund-stx
    (id uint)
    (payer principal)
    (amount uint)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (as-contract? ((with-stx amount))
    (try! (contract-call? .recoup-core refund-stx id payer amount expected-refunded reference reason))))

(define-public (refund-ft
    (id uint)
    (payer principal)
    (amount uint)
    (token <sip-010>)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (as-contract? ((with-ft (contract-of token) "*" amount))
    (try! (contract-call? .recoup-core refund-ft id payer amount token expected-refunded reference reason))))

(define-public (refund-many-stx
    (refunds (list 200 {
      invoice-id: uint,
      payer: principal,
      amount: uint,
      expected-refunded: uint,
      reference: (optional (string-ascii 64)),
      reason: (optional (string-utf8 256)),
    }))
    (total uint))
  (as-contract? ((with-stx total)) (try! (contract-call? .recoup-core refund-many-stx refunds))))

(define-public (refund-many-ft
    (refunds (list 200 {
      invoice-id: uint,
      payer: principal,
      amount: uint,
      expected-refunded: uint,
      reference: (optional (string-ascii 64)),
      reason: (optional (string-utf8 256)),
    }))
    (token <sip-010>)
    (total uint))
  (as-contract? ((with-ft (contract-of token) "*" total))
    (try! (contract-call? .recoup-core refund-many-ft refunds token))))

(define-public (create-plan
    (token (optional principal))
    (amount uint)
    (interval uint)
    (refund-window (optional uint)))
  (as-contract? ()
    (try! (contract-call? .recoup-subscriptions create-plan token amount interval refund-window))))

(define-public (close-plan (id uint))
  (as-contract? ()
    (try! (contract-call? .recoup-subscriptions close-plan id))))

(define-public (subscribe-stx (id uint) (merchant principal) (amount uint))
  (as-contract? ((with-stx amount))
    (try! (contract-call? .recoup-subscriptions subscribe-stx id merchant amount))))

(define-public (subscribe-ft (id uint) (merchant principal) (amount uint) (token <sip-010>))
  (as-contract? ((with-ft (contract-of token) "*" amount))
    (try! (contract-call? .recoup-subscriptions subscribe-ft id merchant amount token))))

(define-public (pay-period-stx (id uint) (merchant principal) (amount uint))
  (as-contract? ((with-stx amount))
    (try! (contract-call? .recoup-subscriptions pay-stx id merchant amount))))

(define-public (pay-period-ft (id uint) (merchant principal) (amount uint) (token <sip-010>))
  (as-contract? ((with-ft (contract-of token) "*" amount))
    (try! (contract-call? .recoup-subscriptions pay-ft id merchant amount token))))

(define-public (cancel-subscription (id uint))
  (as-contract? ()
    (try! (contract-call? .recoup-subscriptions cancel id))))

(define-public (deposit-stx (amount uint))
  (as-contract? ((with-stx amount))
    (try! (contract-call? .recoup-reserve deposit-stx amount))))

(define-public (deposit-ft (amount uint) (token <sip-010>))
  (as-contract? ((with-ft (contract-of token) "*" amount))
    (try! (contract-call? .recoup-reserve deposit-ft amount token))))

(define-public (withdraw-stx (amount uint))
  (as-contract? ()
    (try! (contract-call? .recoup-reserve withdraw-stx amount))))

(define-public (withdraw-ft (amount uint) (token <sip-010>))
  (as-contract? ()
    (try! (contract-call? .recoup-reserve withdraw-ft amount token))))

(define-public (set-delegate
    (delegate principal)
    (token (optional principal))
    (per-refund uint)
    (per-period uint)
    (period uint)
    (expires-in uint))
  (as-contract? ()
    (try! (contract-call? .recoup-reserve set-delegate delegate token per-refund per-period period expires-in))))

(define-public (revoke-delegate (delegate principal) (token (optional principal)))
  (as-contract? ()
    (try! (contract-call? .recoup-reserve revoke-delegate delegate token))))

(define-public (reserve-refund-stx
    (id uint)
    (payer principal)
    (amount uint)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (as-contract? ()
    (try! (contract-call? .recoup-reserve refund-stx id payer amount expected-refunded reference reason))))

(define-public (reserve-refund-ft
    (id uint)
    (payer principal)
    (amount uint)
    (token <sip-010>)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (as-contract? ()
    (try! (contract-call? .recoup-reserve refund-ft id payer amount token expected-refunded reference reason))))
