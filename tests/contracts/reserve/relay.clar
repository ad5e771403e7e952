;; Passes its caller's calls on to recoup-reserve; tx-sender stays the caller.
(define-public (deposit-stx (amount uint))
  (contract-call? .recoup-reserve deposit-stx amount))

(define-public (withdraw-stx (amount uint))
  (contract-call? .recoup-reserve withdraw-stx amount))

(define-public (set-delegate (delegate principal))
  (contract-call? .recoup-reserve set-delegate delegate none u1 u1 u1 u1))

(define-public (revoke-delegate (delegate principal))
  (contract-call? .recoup-reserve revoke-delegate delegate none))

(define-public (refund-stx (id uint) (payer principal) (amount uint))
  (contract-call? .recoup-reserve refund-stx id payer amount u0 none none))
