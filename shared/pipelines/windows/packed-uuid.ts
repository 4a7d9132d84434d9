const uuidForm = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
/** The digits of Z85: 85 characters that JSON takes as they are. @see https://rfc.zeromq.org/spec/32/ */
const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const base = digits.length;

/** How long every packed UUID is, in characters and in bytes. Base64 would take 22. */
export const packedLength = 20;

/**
 * The 16 bytes of a UUID in Z85. `undefined` for any other id, also for a UUID with capital letters: that is another id, and no two ids
 * may look the same here.
 */
export function packUuid(id: string): string | undefined {
  if (!uuidForm.test(id)) return undefined;
  return (
    packWord(id.slice(0, 8)) +
    packWord(id.slice(9, 13) + id.slice(14, 18)) +
    packWord(id.slice(19, 23) + id.slice(24, 28)) +
    packWord(id.slice(28))
  );
}

/** 32 bits in hexadecimal as 5 digits: 85 ** 5 is just above 2 ** 32. */
function packWord(hexadecimal: string): string {
  let rest = Number.parseInt(hexadecimal, 16);
  let packed = "";
  for (let i = 0; i < 5; i++) {
    packed = digits.charAt(rest % base) + packed;
    rest = Math.floor(rest / base);
  }
  return packed;
}
