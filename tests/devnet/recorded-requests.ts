/**
 * Every recorded request of a real node, and how the local chain answers it. Rows run in the order of the stages, so that
 * each request meets the state in which it was recorded; hashes and heights in its path are translated.
 */

/** When a request was made in the life that events.jsonl tells. */
export type Stage =
  /** A payment waits in the mempool; it is replaced by fee. */
  | "replacement"
  /** All transactions of the first scenario are mined. */
  | "payments"
  /** One more block, made of the transaction with a byte too many. */
  | "trailing"
  /** Behind three Bitcoin reorgs: re-mined, double-spent and flipped back. */
  | "reorgs";

export type Row =
  /** Same status and same body, once hashes and heights are translated. */
  | { stage: Stage; same: true; path?: string }
  /** Same status and same shape: the values are the local chain's own. */
  | { stage: Stage; shape: true; why: string; path?: string }
  /** 501: the local chain says so, and why. */
  | { stage: Stage; notImplemented: string; path?: string }
  /** The file holds no request. */
  | { noRequest: string };

const OWN_HASHES = "hashes of burn blocks and of blocks without recorded transactions";
const OWN_NODE = "versions, keys and heights of the node";
const FEE_MARKET = "the fee market stands still";
const PROOFS = "MARF proofs";
const RAW_BLOCKS = "raw block bytes";
const HEADERS = "block headers";
const STACKING = "stacking";

export const RECORDED_REQUESTS: Record<string, Row> = {
  _scenarios_a: { noRequest: "names of the scenarios and their transactions" },

  post_tx_ok_nonce_gap: { stage: "replacement", same: true },
  post_tx_ok_same_tx_again: { stage: "replacement", same: true },
  get_tx_unconfirmed_pending: { stage: "replacement", same: true },
  get_v3_transaction_pending: { stage: "replacement", same: true },
  post_tx_ok_replacement: { stage: "replacement", same: true },
  get_tx_unconfirmed_replaced: { stage: "replacement", same: true },
  post_tx_ConflictingNonceInMempool: { stage: "replacement", same: true },
  post_tx_ConflictingNonceInMempool_lower: { stage: "replacement", same: true },
  post_tx_ok: { stage: "replacement", same: true },

  post_tx_BadFunctionArgument_count: { stage: "payments", same: true },
  post_tx_BadFunctionArgument_type: { stage: "payments", same: true },
  post_tx_BadNonce: { stage: "payments", same: true },
  post_tx_BadNonce_zero: { stage: "payments", same: true },
  post_tx_ContractAlreadyExists: { stage: "payments", same: true },
  post_tx_FeeTooLow: { stage: "payments", same: true },
  post_tx_FeeTooLow_zero: { stage: "payments", same: true },
  post_tx_NoSuchContract: { stage: "payments", same: true },
  post_tx_NoSuchPublicFunction: { stage: "payments", same: true },
  post_tx_NoSuchPublicFunction_readonly: { stage: "payments", same: true },
  post_tx_NotEnoughFunds_fee: { stage: "payments", same: true },
  post_tx_NotEnoughFunds_transfer: { stage: "payments", same: true },
  post_tx_SignatureValidation: { stage: "payments", same: true },
  post_tx_SignatureValidation_payload: { stage: "payments", same: true },
  post_tx_TooMuchChaining: { stage: "payments", same: true },
  post_tx_TransferAmountMustBePositive: { stage: "payments", same: true },
  post_tx_TransferRecipientCannotEqualSender: { stage: "payments", same: true },
  post_tx_empty: { stage: "payments", same: true },
  post_tx_garbage: { stage: "payments", same: true },
  post_tx_json_0x: { stage: "payments", same: true },
  post_tx_json_hex: { stage: "payments", same: true },
  post_tx_mainnet_recipient: { stage: "payments", same: true },
  post_tx_mainnet_version: { stage: "payments", same: true },
  post_tx_no_content_type: { stage: "payments", same: true },
  post_tx_truncated: { stage: "payments", same: true },
  post_tx_wrong_chain_id: { stage: "payments", same: true },

  get_account: { stage: "payments", same: true },
  get_account_at_tip: { stage: "payments", same: true },
  get_account_bad: { stage: "payments", same: true },
  get_account_bad_tip: { stage: "payments", same: true },
  get_account_contract: { stage: "payments", same: true },
  get_account_locked: { stage: "payments", shape: true, why: "nobody stacks, so that nothing is locked" },
  get_account_mainnet: { stage: "payments", same: true },
  get_account_tip_latest: { stage: "payments", same: true },
  get_account_unknown: { stage: "payments", same: true },
  get_account_with_proof: { stage: "payments", notImplemented: PROOFS },
  get_contract_interface_missing: { stage: "payments", same: true },
  "get_contract_interface_rig-pay": { stage: "payments", same: true },
  "get_contract_interface_rig-router": { stage: "payments", same: true },
  "get_contract_interface_rig-token": { stage: "payments", same: true },
  get_health: { stage: "payments", shape: true, why: OWN_NODE },
  get_info: { stage: "payments", shape: true, why: OWN_NODE },
  get_neighbors: { stage: "payments", same: true },
  get_pox: { stage: "payments", notImplemented: STACKING },
  // Posted last: it is the block of the next stage.
  post_tx_trailing: { stage: "payments", same: true },

  get_contract_source: { stage: "trailing", shape: true, why: "publish_height is a height of the node" },
  get_contract_source_missing: { stage: "trailing", same: true },
  block_v3: { stage: "trailing", notImplemented: RAW_BLOCKS },
  block_v3_height: { stage: "trailing", notImplemented: RAW_BLOCKS },
  block_v3_missing: { stage: "trailing", same: true },
  blocks_replay_abort_by_post_condition: { stage: "trailing", shape: true, why: OWN_HASHES },
  blocks_replay_abort_by_response: { stage: "trailing", shape: true, why: OWN_HASHES },
  blocks_replay_deploy: { stage: "trailing", shape: true, why: OWN_HASHES },
  blocks_replay_missing: { stage: "trailing", same: true },
  blocks_replay_ok: { stage: "trailing", shape: true, why: OWN_HASHES },
  blocks_replay_router: { stage: "trailing", shape: true, why: OWN_HASHES },
  blocks_replay_unauthorized: { stage: "trailing", same: true },
  blocks_replay_wrong_auth: { stage: "trailing", same: true },
  call_read_bad_body: { stage: "trailing", same: true },
  call_read_bad_hex: { stage: "trailing", same: true },
  call_read_bad_tip: { stage: "trailing", same: true },
  call_read_missing_contract: { stage: "trailing", same: true },
  call_read_missing_function: { stage: "trailing", same: true },
  call_read_no_0x: { stage: "trailing", same: true },
  call_read_ok: { stage: "trailing", same: true },
  call_read_public_writes: { stage: "trailing", same: true },
  call_read_sponsor: { stage: "trailing", same: true },
  call_read_tip: { stage: "trailing", same: true },
  call_read_tuple: { stage: "trailing", shape: true, why: "the burn height in the tuple is the local chain's" },
  call_read_wrong_count: { stage: "trailing", same: true },
  call_read_wrong_type: { stage: "trailing", same: true },
  constant_val: { stage: "trailing", same: true },
  data_var: { stage: "trailing", same: true },
  data_var_missing: { stage: "trailing", same: true },
  extended_v1_absent: { stage: "trailing", same: true },
  fees_0x_payload: { stage: "trailing", shape: true, why: FEE_MARKET },
  fees_NoEstimateAvailable: { stage: "trailing", same: true },
  fees_bad_payload: { stage: "trailing", same: true },
  fees_contract_call_2: { stage: "trailing", shape: true, why: FEE_MARKET },
  fees_contract_call_ok: { stage: "trailing", shape: true, why: FEE_MARKET },
  fees_transfer: { stage: "trailing", shape: true, why: FEE_MARKET },
  fees_transfer_rate: { stage: "trailing", shape: true, why: FEE_MARKET },
  map_entry_missing_map: { stage: "trailing", same: true },
  map_entry_none: { stage: "trailing", same: true },
  map_entry_some: { stage: "trailing", shape: true, why: "the burn height in the entry is the local chain's" },
  map_entry_with_proof: { stage: "trailing", notImplemented: PROOFS },
  map_entry_wrong_key_type: { stage: "trailing", same: true },
  not_found_path: { stage: "trailing", same: true },
  sortitions_burn_height: { stage: "trailing", shape: true, why: OWN_HASHES },
  sortitions_latest: { stage: "trailing", shape: true, why: OWN_HASHES },
  stacker_set: { stage: "trailing", notImplemented: STACKING },
  tenure_download: { stage: "trailing", notImplemented: RAW_BLOCKS },
  tenures_blocks_consensus_hash: { stage: "trailing", shape: true, why: OWN_HASHES },
  tenures_blocks_height: { stage: "trailing", shape: true, why: OWN_HASHES },
  tenures_blocks_height_before_first: { stage: "trailing", same: true },
  tenures_blocks_height_epoch2: {
    stage: "trailing",
    shape: true,
    why: "block 0 is all that the local chain has of epoch 2",
    path: "/v3/tenures/blocks/height/100",
  },
  tenures_blocks_height_future: { stage: "trailing", same: true },
  tenures_blocks_height_prev: { stage: "trailing", shape: true, why: OWN_HASHES },
  tenures_info: { stage: "trailing", shape: true, why: OWN_HASHES },
  tenures_tip: { stage: "trailing", notImplemented: HEADERS },
  tenures_tip_metadata: { stage: "trailing", notImplemented: HEADERS },
  tx_unconfirmed_mined: { stage: "trailing", same: true },
  tx_unconfirmed_missing: { stage: "trailing", same: true },
  v3_transaction_0x: { stage: "trailing", same: true },
  v3_transaction_abort_by_post_condition: { stage: "trailing", same: true },
  v3_transaction_abort_by_response: { stage: "trailing", same: true },
  v3_transaction_deploy: { stage: "trailing", same: true },
  v3_transaction_missing: { stage: "trailing", same: true },
  v3_transaction_ok: { stage: "trailing", same: true },
  v3_transaction_router: { stage: "trailing", same: true },

  orphan_account_tip: { stage: "reorgs", same: true },
  orphan_block_v3: { stage: "reorgs", notImplemented: RAW_BLOCKS },
  orphan_block_v3_height: { stage: "reorgs", notImplemented: RAW_BLOCKS },
  orphan_blocks_replay: { stage: "reorgs", shape: true, why: OWN_HASHES },
  orphan_sortitions_burn: { stage: "reorgs", same: true },
  orphan_sortitions_burn_height: { stage: "reorgs", shape: true, why: OWN_HASHES },
  orphan_sortitions_consensus: { stage: "reorgs", shape: true, why: OWN_HASHES },
  orphan_tenures_blocks_ch: { stage: "reorgs", shape: true, why: OWN_HASHES },
  orphan_tenures_blocks_hash: { stage: "reorgs", same: true },
  orphan_tenures_blocks_height: { stage: "reorgs", shape: true, why: OWN_HASHES },
  orphan_tx_unconfirmed_double_spent: { stage: "reorgs", same: true },
  orphan_v3_transaction_double_spent: { stage: "reorgs", same: true },
  orphan_v3_transaction_flipflop: { stage: "reorgs", same: true },
  orphan_v3_transaction_remined: { stage: "reorgs", same: true },
};
