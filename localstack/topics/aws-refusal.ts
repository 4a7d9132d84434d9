/**
 * What somebody has to be allowed to do.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
 */
export const permissions = {
  describeCluster: ["kafka:DescribeClusterV2"],
  nameBrokers: ["kafka:GetBootstrapBrokers"],
  describeTopic: [
    ...["kafka-cluster:Connect", "kafka-cluster:DescribeTopic"],
    "kafka-cluster:DescribeTopicDynamicConfiguration",
  ],
  createTopic: ["kafka-cluster:Connect", "kafka-cluster:CreateTopic"],
} as const;

const denials = ["ForbiddenException", "UnauthorizedException", "AccessDeniedException", "AccessDenied"];
const badCredentials = ["UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException", "ExpiredToken"];

/**
 * What AWS answers; `undefined` where it answers an error that `isAnswer`.
 * @throws {Error} in one sentence: what was refused, and what to do about it.
 */
export function refusedByAws<T>(what: string, needed: readonly string[], ask: () => Promise<T>): Promise<T>;
export function refusedByAws<T>(
  what: string,
  needed: readonly string[],
  ask: () => Promise<T>,
  isAnswer: (error: Error) => boolean,
): Promise<T | undefined>;
export async function refusedByAws<T>(
  what: string,
  needed: readonly string[],
  ask: () => Promise<T>,
  isAnswer: (error: Error) => boolean = () => false,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (cause) {
    const error = cause as Error;
    if (isAnswer(error)) return undefined;
    throw new Error(sentence(what, needed, error), { cause });
  }
}

function sentence(what: string, needed: readonly string[], { name, message }: Error): string {
  if (name === "CredentialsProviderError") {
    return `can't ${what} without credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;
  }
  if (badCredentials.includes(name))
    return `can't ${what}: AWS doesn't take these credentials (${message}); log in anew`;
  if (denials.includes(name))
    return `not allowed to ${what}: give your role ${needed.join(", ")} (AWS says: ${message})`;
  if (name === "NotFoundException") return `can't ${what}: there is none in that account and region`;
  return `can't ${what}: ${name}: ${message}`;
}
