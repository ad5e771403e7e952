;; Passes its caller's calls on to recoup-subscriptions; tx-sender stays the caller.
(define-public (create-plan)
  (contract-call? .recoup-subscriptions create-plan none u100 u1000 none))

(define-public (close-plan (id uint))
  (contract-call? .recoup-subscriptions close-plan id))

(define-public (cancel (id uint))
  (contract-call? .recoup-subscriptions cancel id))

(define-public (subscribe-stx (id uint) (merchant principal) (amount uint))
  (contract-call? .recoup-subscriptions subscribe-stx id merchant amount))
