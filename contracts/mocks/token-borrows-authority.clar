;; A token that re-enters recoup-core as whoever transfers it, to appoint itself, to cancel and to refund; it prints the
;; answers.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)

(define-read-only (get-name) (ok "token-borrows-authority"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (print {
      set-operator: (contract-call? .recoup-core set-operator current-contract true true),
      cancel-invoice: (contract-call? .recoup-core cancel-invoice u1),
      extend-refund-window: (contract-call? .recoup-core extend-refund-window u1 u52560),
      refund-stx: (contract-call? .recoup-core refund-stx u1 recipient u1 u0 none none),
    })
    (ft-transfer? coin amount sender recipient)))
