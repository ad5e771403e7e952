/** Clarinet's deployment plans of the contracts: the same sources in the same order for every network. */
import { statSync } from "node:fs";

export interface Network {
  name: "devnet" | "testnet" | "mainnet";
  title: string;
  stacksNode: string;
  bitcoinNode: string;
  deployer: string;
  /** What `deployer` is, for whoever reads the plan. */
  remark: string;
}

export const NETWORKS: readonly Network[] = [
  {
    name: "devnet",
    title: "Recoup on a local network",
    stacksNode: "http://localhost:20443",
    bitcoinNode: "http://devnet:devnet@localhost:18443",
    deployer: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
    remark: "The deployer of settings/Devnet.toml, whose phrase is public.",
  },
  {
    name: "testnet",
    title: "Recoup on testnet",
    stacksNode: "https://api.testnet.hiro.so",
    bitcoinNode: "http://blockstack:blockstacksystem@bitcoind.testnet.stacks.co:18332",
    deployer: "ST000000000000000000002AMW42H",
    remark: "Put the deployer's address for each expected-sender. This one is nobody's: Clarinet refuses the plan with it.",
  },
  {
    name: "mainnet",
    title: "Recoup on mainnet",
    stacksNode: "https://api.hiro.so",
    bitcoinNode: "http://blockstack:blockstacksystem@bitcoin.blockstack.com:8332",
    deployer: "SP000000000000000000002Q6VF78",
    remark: "Put the deployer's address for each expected-sender. This one is nobody's: Clarinet refuses the plan with it.",
  },
];

/** What is deployed, each after what it refers to. */
export const DEPLOYED = [
  { name: "sip-010-trait", path: "contracts/traits/sip-010-trait.clar" },
  { name: "recoup-core", path: "contracts/recoup-core.clar" },
  { name: "recoup-subscriptions", path: "contracts/recoup-subscriptions.clar" },
  { name: "recoup-reserve", path: "contracts/recoup-reserve.clar" },
] as const;

/** micro-STX for each byte of source, ten times the least that nodes relay. */
const FEE_RATE = 10;

export const planPath = ({ name }: Network): string => `deployments/default.${name}-plan.yaml`;

export function renderPlan(network: Network): string {
  const publish = DEPLOYED.map(({ name, path }) => [
    "    - transaction-type: contract-publish",
    `      contract-name: ${name}`,
    `      expected-sender: ${network.deployer}`,
    `      cost: ${FEE_RATE * statSync(path).size}`,
    `      path: ${path}`,
    "      anchor-block-only: true",
    "      clarity-version: 4",
  ].join("\n"));
  return `# ${network.remark}
# Written by npm run plans.
---
id: 0
name: ${network.title}
network: ${network.name}
stacks-node: ${network.stacksNode}
bitcoin-node: ${network.bitcoinNode}
plan:
  batches:
  - id: 0
    transactions:
${publish.join("\n")}
    epoch: '3.3'
`;
}
