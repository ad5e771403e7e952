/** Options of the control paths, as they come out of JSON. */
export type Options = Record<string, unknown>;

export function count(options: Options, name: string, otherwise: number): number {
  const value = whole(options, name, otherwise);
  if (value < 0) throw new TypeError(`${name} must be a whole number`);
  return value;
}

/** May be negative. */
export function whole(options: Options, name: string, otherwise: number): number {
  const value = options[name] ?? otherwise;
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new TypeError(`${name} must be a whole number`);
  return value;
}

export function flag(options: Options, name: string, otherwise: boolean): boolean {
  const value = options[name] ?? otherwise;
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false`);
  return value;
}

/** One of a few words. Undefined when it is not given. */
export function choice<T extends string>(options: Options, name: string, words: readonly T[]): T | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new TypeError(`${name} must be one of ${words.join(", ")}`);
  return word;
}
