/** The expression of `(define-constant name expression)` in a contract's source; null when there is none. */
export function constantExpression(source: string, name: string): string | null {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const start = new RegExp(`\\(define-constant\\s+${escaped}\\s+`).exec(source);
  if (start === null) return null;
  const from = start.index + start[0].length;
  let depth = 0;
  let inString = false;
  for (let index = from; index < source.length; index++) {
    const character = source[index];
    if (character === '"' && source[index - 1] !== "\\") inString = !inString;
    if (inString) continue;
    if (character === "(" || character === "{") depth += 1;
    if (character === ")" || character === "}") depth -= 1;
    if (depth < 0) return source.slice(from, index).trim();
  }
  return null;
}
