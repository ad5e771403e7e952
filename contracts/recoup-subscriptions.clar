;; recoup-subscriptions: plans of merchants, and payments for them period by period.
;;
;; A merchant lets this contract invoice for it (recoup-core set-operator, may-invoice) and creates plans. Who subscribes
;; pays the first period at once, and each next one by a call of its own: nothing is ever pulled. Each payment is an
;; invoice of recoup-core, made and paid in one call, and refunded there like any other; a refund ends no subscription.
;; Trust: nobody owns, pauses or changes this contract, and it holds no funds. A token may be hostile: state and event
;; come before recoup-core calls it. Heights are burn (Bitcoin) heights.

(use-trait sip-010 .sip-010-trait.sip-010-trait)

;; The caller has no such authority, or the call was relayed by a contract.
(define-constant ERR_NOT_AUTHORISED (err u1100))
;; No plan has this id.
(define-constant ERR_PLAN_NOT_FOUND (err u1101))
;; The merchant or the amount that the payer names is not the plan's.
(define-constant ERR_TERMS_DIFFER (err u1102))
;; The plan is closed: it takes no new subscription.
(define-constant ERR_PLAN_CLOSED (err u1103))
;; No subscription has this id.
(define-constant ERR_SUBSCRIPTION_NOT_FOUND (err u1104))
;; The subscription was cancelled.
(define-constant ERR_CANCELLED (err u1105))
;; More than the next period is paid already.
(define-constant ERR_TOO_EARLY (err u1106))
;; The amount is zero, or the interval or the refund window is out of range.
(define-constant ERR_INVALID_PLAN (err u1107))
;; The token of the call is not the plan's.
(define-constant ERR_TOKEN_MISMATCH (err u1108))

(define-constant STATUS_ACTIVE u0)
(define-constant STATUS_LAPSED u1) ;; derived, never stored
(define-constant STATUS_CANCELLED u2)

(define-constant MAX_INTERVAL u52560)
;; As recoup-core has them.
(define-constant DEFAULT_WINDOW u4320)
(define-constant MIN_WINDOW u144)
(define-constant MAX_WINDOW u52560)

;; Both count densely from 1.
(define-data-var last-plan-id uint u0)
(define-data-var last-subscription-id uint u0)

;; Once created, only open changes, from true to false.
(define-map plans uint {
  merchant: principal,
  token: (optional principal), ;; none is STX
  amount: uint, ;; of each period
  interval: uint,
  refund-window: uint, ;; of each payment
  open: bool,
})

;; Invariant: payments > 0.
(define-map subscriptions uint {
  plan-id: uint,
  payer: principal,
  started-at: uint,
  next-due: uint, ;; the first height that is not paid for
  payments: uint,
  status: uint,
})

;; --- Read-only

(define-read-only (get-plan (id uint))
  (map-get? plans id))

;; The subscription, with STATUS_LAPSED where it applies.
(define-read-only (get-subscription (id uint))
  (match (map-get? subscriptions id)
    subscription (some (merge subscription {
      status: (if (and
          (is-eq (get status subscription) STATUS_ACTIVE)
          (>= burn-block-height (get next-due subscription)))
        STATUS_LAPSED
        (get status subscription)),
    }))
    none))

(define-read-only (get-last-ids)
  {plan-id: (var-get last-plan-id), subscription-id: (var-get last-subscription-id)})

;; --- Plans

;; Creates a plan of the caller. Event: plan-created. Answers its id.
(define-public (create-plan
    (token (optional principal))
    (amount uint)
    (interval uint)
    (refund-window (optional uint)))
  (let (
      (id (+ (var-get last-plan-id) u1))
      (window (default-to DEFAULT_WINDOW refund-window))
      (plan {
        merchant: tx-sender,
        token: token,
        amount: amount,
        interval: interval,
        refund-window: window,
        open: true,
      }))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts! (> amount u0) ERR_INVALID_PLAN)
    (asserts! (and (> interval u0) (<= interval MAX_INTERVAL)) ERR_INVALID_PLAN)
    (asserts! (and (>= window MIN_WINDOW) (<= window MAX_WINDOW)) ERR_INVALID_PLAN)
    (var-set last-plan-id id)
    (map-set plans id plan)
    (print (merge plan {event: "plan-created", burn-height: burn-block-height, plan-id: id}))
    (ok id)))

;; Ends new subscriptions of the caller's plan; those that exist go on. Event: plan-closed.
(define-public (close-plan (plan-id uint))
  (let (
      (plan (unwrap! (map-get? plans plan-id) ERR_PLAN_NOT_FOUND))
      (closed (merge plan {open: false})))
    (asserts! (and (is-direct-call) (is-eq tx-sender (get merchant plan))) ERR_NOT_AUTHORISED)
    (asserts! (get open plan) ERR_PLAN_CLOSED)
    (map-set plans plan-id closed)
    (print (merge closed {event: "plan-closed", burn-height: burn-block-height, plan-id: plan-id}))
    (ok true)))

;; --- Subscriptions

;; Subscribes tx-sender and pays the first period in STX. The payer names merchant and amount, because a fork can give
;; an id to another plan. Event: subscription-started. Answers the subscription's id.
(define-public (subscribe-stx (plan-id uint) (merchant principal) (amount uint))
  (let (
      (started (try! (start-subscription plan-id merchant amount none)))
      (id (get id started)))
    (try! (contract-call? .recoup-core invoice-and-pay-stx merchant amount (get window started) (some id)))
    (ok id)))

;; As subscribe-stx, in a token.
(define-public (subscribe-ft (plan-id uint) (merchant principal) (amount uint) (token <sip-010>))
  (let (
      (started (try! (start-subscription plan-id merchant amount (some (contract-of token)))))
      (id (get id started)))
    (try! (contract-call? .recoup-core invoice-and-pay-ft merchant amount token (get window started) (some id)))
    (ok id)))

;; The subscriber pays the next period in STX, at most one interval ahead. A lapsed subscription resumes from now.
;; Event: subscription-paid. Answers the invoice's id.
(define-public (pay-stx (subscription-id uint) (merchant principal) (amount uint))
  (let ((window (try! (record-payment subscription-id merchant amount none))))
    (contract-call? .recoup-core invoice-and-pay-stx merchant amount window (some subscription-id))))

;; As pay-stx, in a token.
(define-public (pay-ft (subscription-id uint) (merchant principal) (amount uint) (token <sip-010>))
  (let ((window (try! (record-payment subscription-id merchant amount (some (contract-of token))))))
    (contract-call? .recoup-core invoice-and-pay-ft merchant amount token window (some subscription-id))))

;; The subscriber or the merchant ends a subscription. What was paid stays refundable. Event: subscription-cancelled.
(define-public (cancel (subscription-id uint))
  (let (
      (subscription (unwrap! (map-get? subscriptions subscription-id) ERR_SUBSCRIPTION_NOT_FOUND))
      (plan (unwrap! (map-get? plans (get plan-id subscription)) ERR_PLAN_NOT_FOUND))
      (cancelled (merge subscription {status: STATUS_CANCELLED})))
    (asserts! (is-direct-call) ERR_NOT_AUTHORISED)
    (asserts!
      (or (is-eq tx-sender (get payer subscription)) (is-eq tx-sender (get merchant plan)))
      ERR_NOT_AUTHORISED)
    (asserts! (is-eq (get status subscription) STATUS_ACTIVE) ERR_CANCELLED)
    (map-set subscriptions subscription-id cancelled)
    (print (merge (facts subscription-id cancelled plan) {event: "subscription-cancelled"}))
    (ok true)))

;; --- Private

;; True when no contract stands between tx-sender and this call. A smart wallet calls inside as-contract?.
(define-private (is-direct-call)
  (is-eq tx-sender contract-caller))

;; recoup-core gives this id to the invoice that it is asked for next.
(define-private (next-invoice-id)
  (+ (get invoice-id (contract-call? .recoup-core get-last-ids)) u1))

;; Refuses a payment that does not name the plan's terms.
(define-private (check-terms
    (plan {
      merchant: principal,
      token: (optional principal),
      amount: uint,
      interval: uint,
      refund-window: uint,
      open: bool,
    })
    (merchant principal)
    (amount uint)
    (token (optional principal)))
  (begin
    (asserts! (and (is-eq merchant (get merchant plan)) (is-eq amount (get amount plan))) ERR_TERMS_DIFFER)
    (ok (asserts! (is-eq token (get token plan)) ERR_TOKEN_MISMATCH))))

;; What every event of a subscription says.
(define-private (facts
    (id uint)
    (subscription {
      plan-id: uint,
      payer: principal,
      started-at: uint,
      next-due: uint,
      payments: uint,
      status: uint,
    })
    (plan {
      merchant: principal,
      token: (optional principal),
      amount: uint,
      interval: uint,
      refund-window: uint,
      open: bool,
    }))
  {
    burn-height: burn-block-height,
    subscription-id: id,
    plan-id: (get plan-id subscription),
    merchant: (get merchant plan),
    payer: (get payer subscription),
    token: (get token plan),
    amount: (get amount plan),
    interval: (get interval plan),
    refund-window: (get refund-window plan),
    started-at: (get started-at subscription),
    next-due: (get next-due subscription),
    payments: (get payments subscription),
    status: (get status subscription),
  })

(define-private (start-subscription (plan-id uint) (merchant principal) (amount uint) (token (optional principal)))
  (let (
      (id (+ (var-get last-subscription-id) u1))
      (plan (unwrap! (map-get? plans plan-id) ERR_PLAN_NOT_FOUND))
      (subscription {
        plan-id: plan-id,
        payer: tx-sender,
        started-at: burn-block-height,
        next-due: (+ burn-block-height (get interval plan)),
        payments: u1,
        status: STATUS_ACTIVE,
      }))
    (asserts! (get open plan) ERR_PLAN_CLOSED)
    (try! (check-terms plan merchant amount token))
    (var-set last-subscription-id id)
    (map-set subscriptions id subscription)
    (print (merge (facts id subscription plan) {event: "subscription-started", invoice-id: (next-invoice-id)}))
    (ok {id: id, window: (some (get refund-window plan))})))

(define-private (record-payment (id uint) (merchant principal) (amount uint) (token (optional principal)))
  (let (
      (subscription (unwrap! (map-get? subscriptions id) ERR_SUBSCRIPTION_NOT_FOUND))
      (plan (unwrap! (map-get? plans (get plan-id subscription)) ERR_PLAN_NOT_FOUND))
      (interval (get interval plan))
      (now burn-block-height)
      (next-due (get next-due subscription))
      (paid (merge subscription {
        next-due: (+ (if (> next-due now) next-due now) interval),
        payments: (+ (get payments subscription) u1),
      })))
    (asserts! (is-eq tx-sender (get payer subscription)) ERR_NOT_AUTHORISED)
    (asserts! (is-eq (get status subscription) STATUS_ACTIVE) ERR_CANCELLED)
    (try! (check-terms plan merchant amount token))
    (asserts! (<= next-due (+ now interval)) ERR_TOO_EARLY)
    (map-set subscriptions id paid)
    (print (merge (facts id paid plan) {event: "subscription-paid", invoice-id: (next-invoice-id)}))
    (ok (some (get refund-window plan)))))
