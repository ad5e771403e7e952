import { validateStacksAddress } from "@stacks/transactions";

/** A c32 address with a right checksum, with or without a contract name behind it. */
export function isPrincipal(principal: string): boolean {
  const [address = ""] = principal.split(".");
  return validateStacksAddress(address);
}
