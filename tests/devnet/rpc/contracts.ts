/** Accounts, contracts and reads of contract state, at any block. */
import { Cl } from "@stacks/transactions";
import type { ClarityValue } from "@stacks/transactions";
import { hex128 } from "../chain/admission.ts";
import { fits, typeName } from "../chain/abi.ts";
import { decodeValue } from "../chain/clarity-values.ts";
import { nonceAfter } from "../chain/mempool.ts";
import type { Contract, InterfaceFunction, StacksBlock } from "../chain/types.ts";
import { blockAt } from "./context.ts";
import type { Context } from "./context.ts";
import { ADDRESS, CLARITY_NAME, CONTRACT_NAME, json, NOT_FOUND, notImplemented, refused, text } from "./http.ts";
import type { Reply, Route, RpcRequest } from "./http.ts";
import { isPrincipal } from "./principals.ts";
import { constantExpression } from "./source.ts";
import { viewOf } from "./view.ts";

const CONTRACT = `(?<address>${ADDRESS})/(?<name>${CONTRACT_NAME})`;
const MEMBER = `${CONTRACT}/(?<member>${CLARITY_NAME})`;
const NO_PROOFS = "MARF proofs; ask with proof=0";

type Parameters = Record<string, string>;

export function contractRoutes(context: Context): Route[] {
  const at =
    (
      handle: (
        context: Context,
        request: RpcRequest,
        block: StacksBlock,
        parameters: Parameters,
      ) => Promise<Reply> | Reply,
    ): Route["handle"] =>
    (request, parameters) => {
      if (parameters["address"] !== undefined && !isPrincipal(parameters["address"])) return NOT_FOUND;
      const block = blockAt(viewOf(context.chain, context.faults), request.query);
      return block === undefined ? text(404, "Chain tip not found") : handle(context, request, block, parameters);
    };
  return [
    {
      method: "GET",
      pattern: new RegExp(`^/v2/accounts/(?<principal>${ADDRESS}(?:\\.${CONTRACT_NAME})?)$`),
      handle: (request, parameters) => account(context, request, parameters),
    },
    { method: "POST", pattern: new RegExp(`^/v2/contracts/call-read/${MEMBER}$`), handle: at(callRead) },
    { method: "POST", pattern: new RegExp(`^/v2/map_entry/${MEMBER}$`), handle: at(mapEntry) },
    { method: "GET", pattern: new RegExp(`^/v2/data_var/${MEMBER}$`), handle: at(dataVar) },
    { method: "GET", pattern: new RegExp(`^/v2/constant_val/${MEMBER}$`), handle: at(constantValue) },
    { method: "GET", pattern: new RegExp(`^/v2/contracts/interface/${CONTRACT}$`), handle: at(contractInterface) },
    { method: "GET", pattern: new RegExp(`^/v2/contracts/source/${CONTRACT}$`), handle: at(contractSource) },
  ];
}

async function account({ chain, faults }: Context, { query }: RpcRequest, { principal = "" }: Parameters): Promise<Reply> {
  if (!isPrincipal(principal)) return NOT_FOUND;
  const block = blockAt(viewOf(chain, faults), query);
  if (block === undefined) return text(404, `Chain tip '${query.get("tip")}' not found`);
  if (query.get("proof") !== "0") return notImplemented(NO_PROOFS);
  return json({
    balance: hex128(await chain.balanceOf(principal, block)),
    locked: hex128(0n),
    unlock_height: 0,
    nonce: Math.max(0, Number(nonceAfter(block.nonces, principal)) + faults.nonceOffset),
  });
}

function contractOf(block: StacksBlock, { address, name }: Parameters): Contract | undefined {
  return block.contracts.get(`${address}.${name}`);
}

async function callRead(
  { chain }: Context,
  { body }: RpcRequest,
  block: StacksBlock,
  parameters: Parameters,
): Promise<Reply> {
  const call = parseCall(body);
  if ("status" in call) return call;
  const id = `${parameters["address"]}.${parameters["name"]}`;
  const member = parameters["member"] ?? "";
  const failed = (cause: string): Reply => json({ okay: false, cause });
  const contract = block.contracts.get(id);
  if (contract === undefined) return failed(`RuntimeCheck(NoSuchContract(${JSON.stringify(id)}))`);
  const method = contract.interface.functions.find(({ name }) => name === member);
  if (method === undefined) return failed(`RuntimeCheck(UndefinedFunction(${JSON.stringify(member)}))`);
  const problem = argumentProblem(method, call.values);
  if (problem !== null) return failed(problem);
  // Not known of a node: public functions that write nothing can be read there. Here they never can.
  if (method.access !== "read_only") return failed("NotReadOnly");
  return json(
    await chain.vm.request("callRead", {
      state: block.id,
      contract: id,
      function: member,
      arguments: call.values.map((value) => Buffer.from(Cl.serialize(value), "hex")),
      sender: call.sender,
    }),
  );
}

function parseCall(body: Buffer): { sender: string; values: ClarityValue[] } | Reply {
  const unparsable = refused(400, "Failed to decode: Failed to parse JSON body");
  let parsed: { sender?: unknown; arguments?: unknown };
  try {
    parsed = JSON.parse(body.toString()) as typeof parsed;
  } catch {
    return unparsable;
  }
  const { sender, arguments: values } = parsed;
  if (typeof sender !== "string" || !Array.isArray(values) || values.some((value) => typeof value !== "string"))
    return unparsable;
  if (!isPrincipal(sender)) return refused(400, "Failed to decode: Failed to parse sender principal");
  try {
    return { sender, values: (values as string[]).map(decodeValue) };
  } catch {
    return refused(400, "Failed to decode: Failed to deserialize argument value");
  }
}

function argumentProblem(method: InterfaceFunction, values: ClarityValue[]): string | null {
  if (method.args.length !== values.length)
    return `RuntimeCheck(IncorrectArgumentCount(${method.args.length}, ${values.length}))`;
  for (const [index, { type }] of method.args.entries()) {
    const value = values[index];
    if (value !== undefined && !fits(value, type))
      return `RuntimeCheck(TypeValueError(${typeName(type)}, ${JSON.stringify(debugName(value))}))`;
  }
  return null;
}

/** Rust's debug output of a value, as far as one line tells it. */
function debugName(value: ClarityValue): string {
  if (value.type === "uint") return `UInt(${value.value})`;
  if (value.type === "int") return `Int(${value.value})`;
  if (value.type === "true" || value.type === "false") return `Bool(${value.type})`;
  return Cl.stringify(value);
}

async function mapEntry(
  { chain }: Context,
  { query, body }: RpcRequest,
  block: StacksBlock,
  parameters: Parameters,
): Promise<Reply> {
  if (query.get("proof") !== "0") return notImplemented(NO_PROOFS);
  let key: ClarityValue;
  try {
    key = decodeValue(JSON.parse(body.toString()) as string);
  } catch {
    return refused(400, "Failed to decode: Failed to deserialize key value");
  }
  const contract = contractOf(block, parameters);
  const map = contract?.interface.maps.find(({ name }) => name === parameters["member"]);
  if (contract === undefined || map === undefined || !fits(key, map.key)) return json({ data: "0x09" });
  const bytes = Buffer.from(Cl.serialize(key), "hex");
  return json({
    data:
      (await chain.vm.request("mapEntry", { state: block.id, contract: contract.id, map: map.name, key: bytes })) ??
      "0x09",
  });
}

async function dataVar(
  { chain }: Context,
  { query }: RpcRequest,
  block: StacksBlock,
  parameters: Parameters,
): Promise<Reply> {
  if (query.get("proof") !== "0") return notImplemented(NO_PROOFS);
  const contract = contractOf(block, parameters);
  const variable = contract?.interface.variables.find(
    ({ name, access }) => name === parameters["member"] && access === "variable",
  );
  if (contract === undefined || variable === undefined) return text(404, "Data var not found");
  return json({
    data: await chain.vm.request("dataVar", { state: block.id, contract: contract.id, variable: variable.name }),
  });
}

async function constantValue(
  { chain }: Context,
  _: RpcRequest,
  block: StacksBlock,
  parameters: Parameters,
): Promise<Reply> {
  const contract = contractOf(block, parameters);
  const member = parameters["member"] ?? "";
  const expression = contract === undefined ? null : constantExpression(contract.source, member);
  if (expression === null) return text(404, "Constant not found");
  const data = await chain.vm.request("evaluate", { state: block.id, snippet: expression });
  return data === null ? notImplemented("constants that refer to other definitions") : json({ data });
}

function contractInterface(_: Context, __: RpcRequest, block: StacksBlock, parameters: Parameters): Reply {
  const contract = contractOf(block, parameters);
  return contract === undefined ? text(404, "No contract interface data found") : json(contract.interface);
}

function contractSource(_: Context, { query }: RpcRequest, block: StacksBlock, parameters: Parameters): Reply {
  const contract = contractOf(block, parameters);
  if (contract === undefined) return text(404, "No contract source data found");
  if (query.get("proof") !== "0") return notImplemented(NO_PROOFS);
  return json({ source: contract.source, publish_height: contract.publishHeight });
}
