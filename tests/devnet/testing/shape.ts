/** The shape of a JSON value: its keys and the types of its values, arrays by the shapes of their items. */
export function shapeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].sort().join(" | ")}]`;
  if (typeof value !== "object") return typeof value;
  const fields = Object.entries(value).map(([key, field]) => `${key}: ${shapeOf(field)}`);
  return `{ ${fields.sort().join(", ")} }`;
}
