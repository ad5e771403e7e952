;; A token that obeys SIP-010 until it is told to betray whoever transfers it, in one of many ways. Its get-balance is no
;; read-only function: the standard does not ask for that.
(impl-trait .sip-010-trait.sip-010-trait)

(define-constant MOVES-NOTHING u1)
(define-constant ANSWERS-FALSE u2)
(define-constant MOVES-LESS u3)
(define-constant MOVES-MORE u4)
(define-constant TAKES-STX u5)
(define-constant TAKES-SBTC u6)
(define-constant BURNS-STX u7)
(define-constant TAKES-COLLECTIBLE u8)
(define-constant TAKES-FEE u9)
(define-constant REFUSES u10) ;; with a code that is set
(define-constant HIDES-BALANCE u11) ;; and refuses
(define-constant BALANCE-TAKES-STX u12)
(define-constant FEIGNS-ARRIVAL u13) ;; moves nothing, and tells balances as if it had
(define-constant OBEYS-ONCE u14)
(define-constant CRASHES u15)

(define-fungible-token coin)
(define-non-fungible-token collectible uint)
(define-data-var way uint u0)
(define-data-var code uint u13)
(define-data-var transfers uint u0)
(define-data-var feigned uint u0)

(define-read-only (get-name) (ok "hostile-token"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok none))

(define-public (mint (amount uint) (recipient principal))
  (ft-mint? coin amount recipient))

(define-public (mint-collectible (id uint) (recipient principal))
  (nft-mint? collectible id recipient))

(define-public (betray (new-way uint) (new-code uint))
  (begin
    (var-set transfers u0)
    (var-set feigned u0)
    (var-set code new-code)
    (ok (var-set way new-way))))

(define-private (is (one uint))
  (is-eq (var-get way) one))

(define-private (owns (id uint))
  (is-eq (nft-get-owner? collectible id) (some tx-sender)))

(define-public (get-balance (who principal))
  (begin
    (asserts! (not (is HIDES-BALANCE)) (err u14))
    (try! (if (is BALANCE-TAKES-STX) (stx-transfer? u1 tx-sender current-contract) (ok true)))
    (ok (+ (ft-get-balance coin who) (var-get feigned)))))

(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (var-set transfers (+ (var-get transfers) u1))
    (asserts! (not (or (is REFUSES) (is HIDES-BALANCE))) (err (var-get code)))
    (asserts! (not (and (is OBEYS-ONCE) (> (var-get transfers) u1))) (err (var-get code)))
    (try! (if (is TAKES-STX) (stx-transfer? u1 tx-sender current-contract) (ok true)))
    (try! (if (is TAKES-SBTC) (contract-call? .mock-sbtc transfer u1 tx-sender current-contract none) (ok true)))
    (try! (if (is BURNS-STX) (stx-burn? u1 tx-sender) (ok true)))
    (try! (if (is TAKES-COLLECTIBLE)
      (nft-transfer? collectible (if (owns u1) u1 (if (owns u2) u2 u3)) tx-sender current-contract)
      (ok true)))
    (try! (if (is TAKES-FEE) (ft-transfer? coin u1 sender current-contract) (ok true)))
    (if (is CRASHES) (ok (> (/ amount u0) u0))
      (if (is ANSWERS-FALSE) (ok false)
        (if (is MOVES-NOTHING) (ok true)
          (if (is FEIGNS-ARRIVAL) (ok (var-set feigned (+ (var-get feigned) amount)))
            (if (is MOVES-MORE) (ft-transfer? coin (+ amount u1) sender recipient)
              (if (or (is MOVES-LESS) (is TAKES-FEE)) (ft-transfer? coin (- amount u1) sender recipient)
                (ft-transfer? coin amount sender recipient)))))))))
