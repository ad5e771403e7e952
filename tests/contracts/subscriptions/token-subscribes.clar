;; A token that, while it is transferred, subscribes whoever transfers it to the STX plan u1 of an accomplice.
(impl-trait .sip-010-trait.sip-010-trait)

(define-fungible-token coin)
(define-data-var accomplice principal tx-sender)

(define-public (set-accomplice (who principal))
  (ok (var-set accomplice who)))

(define-read-only (get-name) (ok "token-subscribes"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (mint (amount uint) (recipient principal))
  (ft-mint? coin amount recipient))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (try! (contract-call? .recoup-subscriptions subscribe-stx u1 (var-get accomplice) u100))
    (ft-transfer? coin amount sender recipient)))
