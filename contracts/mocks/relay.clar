;; A contract that passes its caller's calls on to recoup-core. tx-sender stays the caller: core must refuse all that needs
;; authority, and may take payments, which the payer's own post-conditions bound.
(use-trait sip-010 .sip-010-trait.sip-010-trait)

(define-public (create-invoice (amount uint))
  (contract-call? .recoup-core create-invoice amount none u100 none none none none none))

(define-public (cancel-invoice (id uint))
  (contract-call? .recoup-core cancel-invoice id))

(define-public (extend-refund-window (id uint) (new-window uint))
  (contract-call? .recoup-core extend-refund-window id new-window))

(define-public (set-operator (operator principal) (may-refund bool) (may-invoice bool))
  (contract-call? .recoup-core set-operator operator may-refund may-invoice))

(define-public (pay-stx (id uint) (merchant principal) (amount uint))
  (contract-call? .recoup-core pay-stx id merchant amount))

(define-public (pay-ft (id uint) (merchant principal) (amount uint) (token <sip-010>))
  (contract-call? .recoup-core pay-ft id merchant amount token))

(define-public (refund-stx (id uint) (payer principal) (amount uint))
  (contract-call? .recoup-core refund-stx id payer amount u0 none none))

(define-public (refund-ft (id uint) (payer principal) (amount uint) (token <sip-010>))
  (contract-call? .recoup-core refund-ft id payer amount token u0 none none))

(define-public (refund-many-stx (id uint) (payer principal) (amount uint))
  (contract-call? .recoup-core refund-many-stx (list
    {invoice-id: id, payer: payer, amount: amount, expected-refunded: u0, reference: none, reason: none})))

(define-public (refund-many-ft (id uint) (payer principal) (amount uint) (token <sip-010>))
  (contract-call? .recoup-core refund-many-ft
    (list {invoice-id: id, payer: payer, amount: amount, expected-refunded: u0, reference: none, reason: none})
    token))
