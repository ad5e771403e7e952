/**
 * SIP-005 post-conditions with SIP-040's originator mode, after stacks-core's `check_transaction_postconditions`.
 * The texts of the failures are the node's: they end up in `vm_error`.
 */
import {
  addressToString,
  Cl,
  FungibleConditionCode,
  NonFungibleConditionCode,
  PostConditionMode,
  PostConditionPrincipalId,
  PostConditionType,
} from "@stacks/transactions";
import type { AssetWire, PostConditionPrincipalWire, PostConditionWire } from "@stacks/transactions";
import type { VmEvent } from "./types.ts";

const STX = "STX";
const BURNED_STX = "BURNED";

/** What every principal sent away: fungible amounts and NFT values (hex) by asset. */
export class AssetMap {
  readonly #fungible = new Map<string, Map<string, bigint>>();
  readonly #nonFungible = new Map<string, Map<string, string[]>>();

  static fromEvents(events: readonly VmEvent[]): AssetMap {
    const map = new AssetMap();
    for (const { event, data } of events) {
      const sender = String(data["sender"]);
      const asset = String(data["asset_identifier"]);
      if (event === "stx_transfer_event") map.#addFungible(sender, STX, data["amount"]);
      if (event === "stx_burn_event") map.#addFungible(sender, BURNED_STX, data["amount"]);
      if (event === "ft_transfer_event" || event === "ft_burn_event") map.#addFungible(sender, asset, data["amount"]);
      if (event === "nft_transfer_event" || event === "nft_burn_event")
        map.#addNonFungible(sender, asset, String(data["raw_value"]));
    }
    return map;
  }

  #addFungible(principal: string, asset: string, amount: unknown): void {
    const assets = this.#fungible.get(principal) ?? new Map<string, bigint>();
    assets.set(asset, (assets.get(asset) ?? 0n) + BigInt(String(amount)));
    this.#fungible.set(principal, assets);
  }

  #addNonFungible(principal: string, asset: string, value: string): void {
    const assets = this.#nonFungible.get(principal) ?? new Map<string, string[]>();
    assets.set(asset, [...(assets.get(asset) ?? []), value]);
    this.#nonFungible.set(principal, assets);
  }

  stx(principal: string): bigint {
    return this.fungible(principal, STX);
  }

  burned(principal: string): bigint {
    return this.fungible(principal, BURNED_STX);
  }

  fungible(principal: string, asset: string): bigint {
    return this.#fungible.get(principal)?.get(asset) ?? 0n;
  }

  nonFungible(principal: string, asset: string): readonly string[] {
    return this.#nonFungible.get(principal)?.get(asset) ?? [];
  }

  *fungibleMoves(): Generator<[principal: string, asset: string]> {
    for (const [principal, assets] of this.#fungible) for (const asset of assets.keys()) yield [principal, asset];
  }

  *nonFungibleMoves(): Generator<[principal: string, asset: string, values: string[]]> {
    for (const [principal, assets] of this.#nonFungible)
      for (const [asset, values] of assets) yield [principal, asset, values];
  }
}

/** Assets that a condition speaks of, per principal. */
class Coverage {
  readonly fungible = new Map<string, Set<string>>();
  readonly nonFungible = new Map<string, Map<string, Set<string>>>();

  cover(principal: string, asset: string): void {
    this.fungible.set(principal, (this.fungible.get(principal) ?? new Set()).add(asset));
  }

  coverValue(principal: string, asset: string, value: string): void {
    const assets = this.nonFungible.get(principal) ?? new Map<string, Set<string>>();
    assets.set(asset, (assets.get(asset) ?? new Set()).add(value));
    this.nonFungible.set(principal, assets);
  }
}

const COMPARISONS: Record<FungibleConditionCode, { name: string; holds: (sent: bigint, limit: bigint) => boolean }> = {
  [FungibleConditionCode.Equal]: { name: "SentEq", holds: (sent, limit) => sent === limit },
  [FungibleConditionCode.Greater]: { name: "SentGt", holds: (sent, limit) => sent > limit },
  [FungibleConditionCode.GreaterEqual]: { name: "SentGe", holds: (sent, limit) => sent >= limit },
  [FungibleConditionCode.Less]: { name: "SentLt", holds: (sent, limit) => sent < limit },
  [FungibleConditionCode.LessEqual]: { name: "SentLe", holds: (sent, limit) => sent <= limit },
};

const NFT_CODES: Record<NonFungibleConditionCode, { name: string; holds: (sent: boolean) => boolean }> = {
  [NonFungibleConditionCode.Sends]: { name: "Sent", holds: (sent) => sent },
  [NonFungibleConditionCode.DoesNotSend]: { name: "NotSent", holds: (sent) => !sent },
  [NonFungibleConditionCode.MaybeSent]: { name: "MaybeSent", holds: () => true },
};

/** Null when all conditions hold, else the node's reason. */
export function checkPostConditions(
  conditions: readonly PostConditionWire[],
  mode: PostConditionMode,
  origin: string,
  assets: AssetMap,
): string | null {
  const coverage = new Coverage();
  for (const condition of conditions) {
    const failure = checkCondition(condition, origin, assets, coverage);
    if (failure !== null) return failure;
  }
  return checkCoverage(mode, origin, assets, coverage);
}

function checkCondition(
  condition: PostConditionWire,
  origin: string,
  assets: AssetMap,
  coverage: Coverage,
): string | null {
  const principal = principalOf(condition.principal, origin);
  switch (condition.conditionType) {
    case PostConditionType.STX: {
      const transferred = assets.stx(principal);
      const burned = assets.burned(principal);
      const { name, holds } = COMPARISONS[condition.conditionCode];
      if (!holds(transferred + burned, condition.amount)) {
        return `Post-condition check failure on STX owned by ${principal}: ${condition.amount} ${name} ${transferred + burned}`;
      }
      if (transferred > 0n) coverage.cover(principal, STX);
      if (burned > 0n) coverage.cover(principal, BURNED_STX);
      return null;
    }
    case PostConditionType.Fungible: {
      const asset = assetOf(condition.asset);
      const sent = assets.fungible(principal, asset);
      const { name, holds } = COMPARISONS[condition.conditionCode];
      if (!holds(sent, condition.amount)) {
        return `Post-condition check failure on fungible asset ${asset} owned by ${principal}: ${condition.amount} ${name} ${sent}`;
      }
      coverage.cover(principal, asset);
      return null;
    }
    case PostConditionType.NonFungible: {
      const asset = assetOf(condition.asset);
      const value = `0x${Cl.serialize(condition.assetName)}`;
      const sent = assets.nonFungible(principal, asset);
      const { name, holds } = NFT_CODES[condition.conditionCode];
      if (!holds(sent.includes(value))) {
        const shown = Cl.stringify(condition.assetName);
        return `Post-condition check failure on non-fungible asset ${asset} owned by ${principal}: ${shown} ${name} (sent ${sent.length} value(s))`;
      }
      coverage.coverValue(principal, asset, value);
      return null;
    }
    default:
      // Nobody stacks on the local chain: admission refuses staking and PoX conditions.
      return `Post-condition check failure: condition type ${condition.conditionType} is not supported`;
  }
}

function checkCoverage(mode: PostConditionMode, origin: string, assets: AssetMap, coverage: Coverage): string | null {
  const enforced = (principal: string): boolean =>
    mode === PostConditionMode.Deny || (mode === PostConditionMode.Originator && principal === origin);
  for (const [principal, asset] of assets.fungibleMoves()) {
    if (enforced(principal) && !coverage.fungible.get(principal)?.has(asset)) {
      return `Post-condition check failure: Fungible asset ${asset} was moved by ${principal} but not checked`;
    }
  }
  for (const [principal, asset, values] of assets.nonFungibleMoves()) {
    if (!enforced(principal)) continue;
    const covered = coverage.nonFungible.get(principal);
    if (covered === undefined)
      return `Post-condition check failure: No checks for non-fungible asset ${asset} moved by ${principal}`;
    const coveredValues = covered.get(asset);
    if (coveredValues === undefined) {
      return `Post-condition check failure: Non-fungible asset ${asset} was moved by ${principal} but not checked`;
    }
    const missing = values.find((value) => !coveredValues.has(value));
    if (missing !== undefined) {
      const shown = Cl.stringify(Cl.deserialize(missing));
      return `Post-condition check failure: Non-fungible asset ${asset} value ${shown} was moved by ${principal} but not checked`;
    }
  }
  return null;
}

function principalOf(principal: PostConditionPrincipalWire, origin: string): string {
  switch (principal.prefix) {
    case PostConditionPrincipalId.Origin:
      return origin;
    case PostConditionPrincipalId.Standard:
      return addressToString(principal.address);
    case PostConditionPrincipalId.Contract:
      return `${addressToString(principal.address)}.${principal.contractName.content}`;
  }
}

function assetOf({ address, contractName, assetName }: AssetWire): string {
  return `${addressToString(address)}.${contractName.content}::${assetName.content}`;
}
