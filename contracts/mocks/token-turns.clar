;; A token that behaves until somebody turns it; then it also takes a micro-STX of whoever transfers it.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)

(define-data-var turned bool false)

(define-read-only (get-name) (ok "token-turns"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (turn)
  (ok (var-set turned true)))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (try! (if (var-get turned) (stx-transfer? u1 tx-sender current-contract) (ok true)))
    (ft-transfer? coin amount sender recipient)))
