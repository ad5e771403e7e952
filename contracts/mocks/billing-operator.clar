;; A contract that a merchant may appoint to invoice whoever calls it, as subscriptions do.
(use-trait sip-010 .sip-010-trait.sip-010-trait)

(define-public (charge-stx (merchant principal) (amount uint) (window (optional uint)) (subscription-id (optional uint)))
  (contract-call? .recoup-core invoice-and-pay-stx merchant amount window subscription-id))

(define-public (charge-ft
    (merchant principal)
    (amount uint)
    (token <sip-010>)
    (window (optional uint))
    (subscription-id (optional uint)))
  (contract-call? .recoup-core invoice-and-pay-ft merchant amount token window subscription-id))
