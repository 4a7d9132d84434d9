/** FNV-1a over UTF-16 units, 32 bits, unsigned: an even spread for texts that nobody chooses to collide. */
export function textHash(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
