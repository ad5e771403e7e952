;; A token whose mood anybody can set: it obeys SIP-010, or betrays whoever transfers it in one of five ways.
(impl-trait .sip-010-trait.sip-010-trait)

(define-constant OBEYS u0)
(define-constant REFUSES u1) ;; an error code of its own
(define-constant ANSWERS-FALSE u2)
(define-constant MOVES-NOTHING u3) ;; and answers (ok true)
(define-constant MOVES-MORE u4)
(define-constant TAKES-STX u5)

(define-fungible-token coin)
(define-data-var mood uint OBEYS)

(define-read-only (get-name) (ok "moody-token"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (mint (amount uint) (recipient principal))
  (ft-mint? coin amount recipient))

(define-public (set-mood (to uint))
  (ok (var-set mood to)))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (let ((now (var-get mood)))
    (asserts! (not (is-eq now REFUSES)) (err u13))
    (if (is-eq now ANSWERS-FALSE)
      (ok false)
      (if (is-eq now MOVES-NOTHING)
        (ok true)
        (begin
          (asserts! (<= amount (ft-get-balance coin sender)) (err u1))
          (try! (if (is-eq now TAKES-STX) (stx-transfer? u1 tx-sender current-contract) (ok true)))
          (ft-transfer? coin (if (is-eq now MOVES-MORE) (+ amount u1) amount) sender recipient))))))
