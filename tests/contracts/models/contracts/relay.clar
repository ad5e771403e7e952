;; A contract that passes its caller's calls on to recoup-subscriptions and recoup-reserve, with every argument; tx-sender
;; stays the caller.
(use-trait sip-010 .sip-010-trait.sip-010-trait)

(define-public (create-plan
    (token (optional principal))
    (amount uint)
    (interval uint)
    (refund-window (optional uint)))
  (contract-call? .recoup-subscriptions create-plan token amount interval refund-window))

(define-public (close-plan (id uint))
  (contract-call? .recoup-subscriptions close-plan id))

(define-public (subscribe-stx (id uint) (merchant principal) (amount uint))
  (contract-call? .recoup-subscriptions subscribe-stx id merchant amount))

(define-public (subscribe-ft (id uint) (merchant principal) (amount uint) (token <sip-010>))
  (contract-call? .recoup-subscriptions subscribe-ft id merchant amount token))

(define-public (pay-period-stx (id uint) (merchant principal) (amount uint))
  (contract-call? .recoup-subscriptions pay-stx id merchant amount))

(define-public (pay-period-ft (id uint) (merchant principal) (amount uint) (token <sip-010>))
  (contract-call? .recoup-subscriptions pay-ft id merchant amount token))

(define-public (cancel-subscription (id uint))
  (contract-call? .recoup-subscriptions cancel id))

(define-public (deposit-stx (amount uint))
  (contract-call? .recoup-reserve deposit-stx amount))

(define-public (deposit-ft (amount uint) (token <sip-010>))
  (contract-call? .recoup-reserve deposit-ft amount token))

(define-public (withdraw-stx (amount uint))
  (contract-call? .recoup-reserve withdraw-stx amount))

(define-public (withdraw-ft (amount uint) (token <sip-010>))
  (contract-call? .recoup-reserve withdraw-ft amount token))

(define-public (set-delegate
    (delegate principal)
    (token (optional principal))
    (per-refund uint)
    (per-period uint)
    (period uint)
    (expires-in uint))
  (contract-call? .recoup-reserve set-delegate delegate token per-refund per-period period expires-in))

(define-public (revoke-delegate (delegate principal) (token (optional principal)))
  (contract-call? .recoup-reserve revoke-delegate delegate token))

(define-public (reserve-refund-stx
    (id uint)
    (payer principal)
    (amount uint)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (contract-call? .recoup-reserve refund-stx id payer amount expected-refunded reference reason))

(define-public (reserve-refund-ft
    (id uint)
    (payer principal)
    (amount uint)
    (token <sip-010>)
    (expected-refunded uint)
    (reference (optional (string-ascii 64)))
    (reason (optional (string-utf8 256))))
  (contract-call? .recoup-reserve refund-ft id payer amount token expected-refunded reference reason))
