;; A smart wallet: anybody may have it act as itself, with every argument of recoup-core's functions. An error of
;; recoup-core is its own answer.
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
