/** Post-conditions: every code and mode, with the node's words. */
import { Cl, Pc, PostConditionMode, postConditionToWire } from "@stacks/transactions";
import type { PostCondition } from "@stacks/transactions";
import { describe, expect, it } from "vitest";
import { AssetMap, checkPostConditions } from "./post-conditions.ts";
import type { VmEvent } from "./types.ts";

const ORIGIN = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const OTHER = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
const CONTRACT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.token";
const TOKEN = `${CONTRACT}::coin` as const;
const BADGE = `${CONTRACT}::badge`;

function stx(sender: string, amount: number): VmEvent {
  return { event: "stx_transfer_event", data: { sender, recipient: OTHER, amount: String(amount) } };
}

function burned(sender: string, amount: number): VmEvent {
  return { event: "stx_burn_event", data: { sender, amount: String(amount) } };
}

function token(sender: string, amount: number): VmEvent {
  return {
    event: "ft_transfer_event",
    data: { sender, recipient: OTHER, amount: String(amount), asset_identifier: TOKEN },
  };
}

function badge(sender: string, id: number): VmEvent {
  return {
    event: "nft_transfer_event",
    data: { sender, recipient: OTHER, raw_value: `0x${Cl.serialize(Cl.uint(id))}`, asset_identifier: BADGE },
  };
}

function check(events: VmEvent[], conditions: PostCondition[], mode = PostConditionMode.Deny): string | null {
  return checkPostConditions(conditions.map(postConditionToWire), mode, ORIGIN, AssetMap.fromEvents(events));
}

const { Allow, Deny, Originator } = PostConditionMode;
const origin = Pc.principal(ORIGIN);

describe("amounts", () => {
  it.each([
    ["SentEq", origin.willSendEq(5).ustx(), [5]],
    ["SentGt", origin.willSendGt(5).ustx(), [6]],
    ["SentGe", origin.willSendGte(5).ustx(), [5, 6]],
    ["SentLt", origin.willSendLt(5).ustx(), [0, 4]],
    ["SentLe", origin.willSendLte(5).ustx(), [0, 4, 5]],
  ] as const)("are compared as %s says", (name, condition, holding) => {
    for (const sent of [0, 4, 5, 6]) {
      const events = sent === 0 ? [] : [stx(ORIGIN, sent)];
      const expected = (holding as readonly number[]).includes(sent)
        ? null
        : `Post-condition check failure on STX owned by ${ORIGIN}: 5 ${name} ${sent}`;
      expect(check(events, [condition]), `${sent} sent`).toBe(expected);
    }
  });

  it("add up over several transfers, and STX burned count as sent", () => {
    expect(check([stx(ORIGIN, 2), stx(ORIGIN, 2), burned(ORIGIN, 1)], [origin.willSendEq(5).ustx()])).toBeNull();
  });

  it("of tokens are those of the named token and principal", () => {
    const condition = origin.willSendEq(5).ft(CONTRACT, "coin");
    expect(check([token(ORIGIN, 5)], [condition])).toBeNull();
    expect(check([token(OTHER, 5)], [condition], Allow)).toBe(
      `Post-condition check failure on fungible asset ${TOKEN} owned by ${ORIGIN}: 5 SentEq 0`,
    );
  });

  it("are checked in allow mode too", () => {
    expect(check([], [origin.willSendEq(5).ustx()], Allow)).toContain("5 SentEq 0");
  });
});

describe("non-fungible tokens", () => {
  const sends = origin.willSendAsset().nft(CONTRACT, "badge", Cl.uint(1));
  const keeps = origin.willNotSendAsset().nft(CONTRACT, "badge", Cl.uint(1));
  const may = { ...sends, condition: "maybe-sent" } as const;

  it("are sent or not, as the condition says", () => {
    expect(check([badge(ORIGIN, 1)], [sends])).toBeNull();
    expect(check([], [sends])).toBe(
      `Post-condition check failure on non-fungible asset ${BADGE} owned by ${ORIGIN}: u1 Sent (sent 0 value(s))`,
    );
    expect(check([], [keeps])).toBeNull();
    expect(check([badge(ORIGIN, 1)], [keeps])).toContain("u1 NotSent (sent 1 value(s))");
    for (const events of [[], [badge(ORIGIN, 1)]]) expect(check(events, [may])).toBeNull();
  });

  it("are covered one by one", () => {
    expect(check([badge(ORIGIN, 1), badge(ORIGIN, 2)], [sends])).toBe(
      `Post-condition check failure: Non-fungible asset ${BADGE} value u2 was moved by ${ORIGIN} but not checked`,
    );
    expect(check([badge(ORIGIN, 1)], [])).toBe(
      `Post-condition check failure: No checks for non-fungible asset ${BADGE} moved by ${ORIGIN}`,
    );
  });
});

describe("assets without a condition", () => {
  const unchecked = (asset: string, principal: string): string =>
    `Post-condition check failure: Fungible asset ${asset} was moved by ${principal} but not checked`;

  it.each([
    ["allow", Allow, null, null],
    ["deny", Deny, unchecked("STX", ORIGIN), unchecked("STX", OTHER)],
    ["originator", Originator, unchecked("STX", ORIGIN), null],
  ])("in %s mode: of the origin, of others", (_, mode, ofOrigin, ofOther) => {
    expect(check([stx(ORIGIN, 1)], [], mode)).toBe(ofOrigin);
    expect(check([stx(OTHER, 1)], [], mode)).toBe(ofOther);
  });

  it("are told apart by asset", () => {
    expect(check([stx(ORIGIN, 1), token(ORIGIN, 1)], [origin.willSendEq(1).ustx()])).toBe(unchecked(TOKEN, ORIGIN));
  });

  it("do not matter when they are minted", () => {
    expect(
      check([{ event: "ft_mint_event", data: { recipient: ORIGIN, amount: "5", asset_identifier: TOKEN } }], []),
    ).toBeNull();
  });
});
